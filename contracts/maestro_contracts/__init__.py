"""What may be said in Maestro?"""

"""What "settle up after the trip" means, one check for each thing that is wanted: `python3 -m acceptance.balances`.

Each fails, and says why, until somebody builds it.
"""

"""What would this action do, and may it be done unasked? Pure: from a proposal to its effects, and from effects and a
policy to a level. Trusted by the gatekeeper; believes nothing that the proposer says about its own action.
"""

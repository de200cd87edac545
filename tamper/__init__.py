"""Which changes of a log does an audit notice? Random changes of a real, signed history, and what found each of them.

scripts/tamper_campaign            a million changes, and the table of what detected them
scripts/tamper_campaign --short    ten thousand, as the tests do
"""

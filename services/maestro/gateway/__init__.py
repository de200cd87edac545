"""The gateway: REST, web page and webhooks, for people and programs that are not at this machine's command line.

Trusted with: saying which authenticated person sent a decision. It says nothing in the log itself; it carries answers
to the gatekeeper and reads what became of them. Each answer it carries is signed with its own enrolled key, and says
for whom; a person who signs for themselves needs not trust it.
If it dies: nothing is lost; whoever looked is told so, and the page comes back by itself.
If it lies: it can show people another text than the log's, and name a person who did not answer; where policy wants a
person's own key, it cannot.

Read: `views.py` and `answers.py` (what is shown, as data), `access.py` (who is there), `watching.py` (how every run is
kept up to date), `deciding.py` (the one way of an answer), `api.py` and `pages.py` (the two faces), `app.py` (how all
is put together), `outbox.py` (how others are told).
"""

"""Everything at the server's HTTP doors.

front_door.py   before Quart: who may come at all, and the two websockets
doors.py        which page is whose: open, Twilio's, or the operator's, which is whatever is not listed
webhooks.py     Twilio asks what to do with a call, and tells how calls go
operator.py     the operator's page, and `POST /call`
machines.py     health, and the protocols as documents
openapi.py      what these routes take and answer, as a document
faults.py       what else goes wrong, in one line of text
"""

"""The options report: what was considered for a patient and why, for the patient or the physician.

`content` puts it into words, once, in one language; `page` and `paper` show the same words as HTML
and as PDF; `making` keeps what was made, for ever as it was made.
"""

"""What a run came to, for people and for programs: one renderer per format.

``gathering`` reads the evidence, ``model`` says what a report holds, ``report_json`` and
``report_html`` write it down.
"""

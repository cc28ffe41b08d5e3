"""What every resource of REST is made of.

`serializers` declares a resource and `fields` its members, `documents` turns it into SQL that
yields JSON, `filters` narrows lists, `versions` guards two callers who change one record,
`verbs` gives each change of state its address, `removal` says what stands in the way of deleting
a record, and `viewsets` puts them together.
"""

# Fields of forms, as applicants and officers fill them in.
field-mistake = Mistake:
field-optional = (optional)
field-choose = Choose one
field-reading = That is
field-old = Sent before:
field-other = Another window has saved here:
field-use-other = Take what the other window saved (left unticked, what you typed is saved)
field-row = { $title }, row { $number }
field-row-empty = (empty; leave it and it does not count)
field-row-remove = Remove row { $number }
field-row-add = Add a row
field-no-file = Nothing uploaded yet
field-unanswered = (not answered)
field-mistakes = Please mend these (everything you typed is saved)
field-contested = Another window changed the same answers
field-contested-how = Each has two answers now: yours is in the field, the other window's is beside it. Choose, then save once more.

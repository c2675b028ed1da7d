office-title = My office
office-hint = Who is here, who is away and who stands in; a whole desk is handed over when three have signed.
office-count = { $count ->
    [one] 1 entry
   *[other] { $count } entries
}
office-people = { $count ->
    [one] 1 post
   *[other] { $count } posts
}
office-name = Name
office-post = Post
office-today = Today
office-here = here
office-away = Away and standing in
office-away-until = away until { $until }; { $who } stands in
office-b-post = the B post
office-stands-in = { $who } stands in
office-now = away
office-coming = to come
office-over = back
office-called-off = called off
office-last-day = Last day
office-end = Back earlier
office-call-off = Call off
office-nobody-away = Nobody is written down as away
office-nobody-away-how = Once it is written down, tasks also go to the B post or the substitute, and the record shows both names.
office-set-away = Write an absence down
office-set-away-button = Write it down
office-away-what = On these days the tasks of the post are also offered to whoever stands in; the holder may still act. A and B are never away at once.
office-away-record = What the substitute does is recorded under both names. The absence, an earlier return and calling it off stand in the register.
office-whose = Who is away
office-from = First day
office-until = Last day
office-substitute = Who stands in
office-substitute-hint = The B post unless somebody else of the office is named.
office-hand = Handing over a desk
office-hand-what = Giver, taker and overseer each sign. With the third signature everything the giver holds, and what nobody but the giver could do, goes to the taker.
office-hand-record = Each case has one record of it with three names. What the taker may not do (separation of duties, a recusal) stays, and is listed. Whoever proposes it has signed it.
office-giver = Giver
office-taker = Taker
office-overseer = Overseer
office-reason = Reason
office-propose = Propose a handover
office-propose-button = Propose and sign
office-no-hand = No desk is being handed over
office-no-hand-how = Once one is proposed, the other two sign it here.
office-signed = signed
office-not-signed = not signed
office-sign = Sign
office-decline = Decline
office-sign-what = By signing you confirm the handover; with three signatures it is carried out. Declined, nothing goes over.
office-go-on = Go on
office-hand-open = waiting for signatures
office-hand-done = handed over
office-hand-stuck = not finished
office-hand-declined = declined
office-went-over = { $tasks ->
    [one] 1 task went over
   *[other] { $tasks } tasks went over
}{ $left ->
    [0] {""}
   *[other] ; { $left } the taker may not do stayed
}
office-nothing-went = There was nothing to hand over.
office-done-away = The absence is written down.
office-done-back = It is ended or called off.
office-done-propose = Proposed and signed; the other two are to sign.
office-done-sign = Signed; it waits for the others.
office-done-decline = Declined; nothing goes over.
office-done-over = All three have signed, and the tasks went over; see the list below.
office-to-sign = { $count ->
    [one] One handover of a desk waits for your signature
   *[other] { $count } handovers of desks wait for your signature
}

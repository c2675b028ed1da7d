# Webhooks: outside systems subscribe to what happens to cases; a new one, pausing, another secret, a test, ending.
webhooks-title = Webhooks
webhooks-lede = Outside systems subscribe to what happens to cases: started, decided, issued. Each message is signed and holds numbers, matter and result; no form, opinion, person or amount.
webhooks-add = Add a subscription
webhooks-add-lede = Enter the address of the other system and choose what it is told. The signing secret is shown once, right after; hand it to the other system then.
webhooks-one = Subscription
webhooks-crumbs = You are here
webhooks-count = { $count ->
    [one] One in use or paused
   *[other] { $count } in use or paused
}
webhooks-none = There is no subscription yet. Once there is one, what happens to cases is sent to the other system.
webhooks-ended-title = Ended
webhooks-ended-count = { $count ->
    [one] The last one
   *[other] The last { $count }
}
webhooks-url = Address
webhooks-url-hint = A public https address. A host inside the network must first be listed under webhooks-inside in the configuration. A name that leads inside is refused when something is sent.
webhooks-kinds = What is told
webhooks-all-kinds = Everything
webhooks-kind-case-started = Case started
webhooks-kind-case-ended = Case ended
webhooks-kind-link-opened = Link opened
webhooks-kind-link-closed = Link closed
webhooks-kind-document-issued = Document issued
webhooks-kind-webhook-test = Test message
webhooks-kind-other = Other
webhooks-state = State
webhooks-in-use = in use
webhooks-paused = paused
webhooks-ended = ended
webhooks-since = Subscribed
webhooks-paused-at = Paused
webhooks-ended-at = Ended
webhooks-last = Last delivery
webhooks-last-none = Nothing was sent yet
webhooks-arrived = delivered
webhooks-given-up = given up
webhooks-again-later = not delivered, tried again later
webhooks-said = The answer
webhooks-why-inside = The address is not a public one, so nothing was sent. A host inside the network must first be listed under webhooks-inside.
webhooks-why-ended = The subscription had ended; nothing was sent.
webhooks-why-plain = A public address needs https; nothing was sent.
webhooks-waiting = Waiting
webhooks-parked = Given up
webhooks-submit = Subscribe and show the secret
webhooks-cancel = Cancel
webhooks-secret = Signing secret
webhooks-secret-made = The subscription is in force.
webhooks-secret-renewed = The secret was changed. For a day the old one signs as well; have the other system change over before that.
webhooks-secret-once = It is shown only here and only now; afterwards it can only be changed. Hand it to the other system, not through a chat or a mail.
webhooks-secret-how = The other system verifies as Standard Webhooks says: HMAC-SHA256 with this secret over “id.timestamp.body”, compared with the header webhook-signature.
webhooks-secret-back = See the subscription
webhooks-act-title = What can be done
webhooks-test = Send a test
webhooks-test-hint = Sends a message that tells of no case; what came of it stands under “Last delivery” shortly.
webhooks-pause = Pause
webhooks-pause-hint = Messages wait until it is resumed; none is lost.
webhooks-resume = Resume
webhooks-resume-hint = What waited is sent at once, in turn.
webhooks-rekey = Change the secret
webhooks-rekey-hint = The new one is shown once. For a day the old one signs as well, so the other system can change at its own hour.
webhooks-rekeyed = { $count ->
    [one] once
   *[other] { $count } times
}
webhooks-rekeyed-title = Secret changed
webhooks-old-until = The old secret signs until
webhooks-end = End it
webhooks-end-open = End this subscription
webhooks-end-hint = Nothing is sent any more and what waits is given up. It cannot be undone; subscribe anew if needed. The record stays.
webhooks-parked-title = Messages given up
webhooks-parked-count = { $count ->
    [one] The last one
   *[other] The last { $count }
}
webhooks-parked-none = None. What could not be delivered after several attempts, or was turned away, stands here.
webhooks-event = Event
webhooks-tried = Last attempt
webhooks-retry = Send all again
webhooks-retry-hint = Under the same ids, by which the other system knows a copy.
webhooks-done-pause = Paused. Messages wait until it is resumed.
webhooks-done-resume = Resumed. What waited is on its way.
webhooks-done-test = The test message is queued; reload this page to see what came of it.
webhooks-done-retry = The messages are queued again.
webhooks-done-end = The subscription has ended.

sign-in-title = Sign in
sign-in-kept = Your session has ended. What you filled in is still here and can be sent after you sign in again.
sign-in-wrong = The token is unknown or has expired. Please check it and try again.
sign-in-token = Token
sign-in-button = Sign in

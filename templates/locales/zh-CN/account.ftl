sign-in-title = 登录
sign-in-kept = 登录已过期。您填写的内容还在，重新登录后可以继续提交。
sign-in-wrong = 登录令牌无效或已过期，请核对后重新输入。
sign-in-token = 登录令牌
sign-in-button = 登录

# 表单字段：申请人和承办人填写的每一处都用这些词。
field-mistake = 错误：
field-optional = （选填）
field-choose = 请选择
field-reading = 即
field-old = 上次提交：
field-other = 这一项已在另一个窗口保存为：
field-use-other = 用另一个窗口保存的内容（不勾选则保存您现在填的）
field-row = { $title } 第 { $number } 行
field-row-empty = （空行，不填即不算）
field-row-remove = 删除第 { $number } 行
field-row-add = 再加一行
field-no-file = 尚未上传
field-unanswered = （未填）
field-mistakes = 请改正下列内容（已填的都已保存）
field-contested = 另一个窗口改了同样的内容
field-contested-how = 下面每一处都有两个答案：输入框里是您刚填的，旁边是另一个窗口已保存的。选好后再保存一次。

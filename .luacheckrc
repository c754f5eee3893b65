std = "luajit"
exclude_files = { "build", "lua/evio/_meta" }
files["spec"] = { std = "luajit+busted" }
files["examples/score/test.lua"] = { globals = { "arg" } } -- it says the server's address

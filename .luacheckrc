std = "luajit"
exclude_files = { "build", "lua/evio/_meta" }
files["spec"] = { std = "luajit+busted" }

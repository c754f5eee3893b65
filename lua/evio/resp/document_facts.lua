-- What COMMAND DOCS of redis-server 7.0.15 tells: NAME = { summary, since, group, complexity, history = { "since
-- what" }, arguments, below = commands below it }. An argument is
-- name:type@key_spec=TOKEN^since~deprecated+flags(arguments), of which most parts need not be there. Facts, and
-- nothing else: evio.resp.documents makes the answers of them.
return {
  PING = { "Ping the server", "1.0.0", "connection", "O(1)", arguments = "message:string+optional" },
  ECHO = { "Echo the given string", "1.0.0", "connection", "O(1)", arguments = "message:string" },
  GET = { "Get the value of a key", "1.0.0", "string", "O(1)", arguments = "key:key@0" },
  SET = { "Set the string value of a key", "1.0.0", "string", "O(1)",
    history = {
      "2.6.12 Added the `EX`, `PX`, `NX` and `XX` options.", "6.0.0 Added the `KEEPTTL` option.",
      "6.2.0 Added the `GET`, `EXAT` and `PXAT` option.",
      "7.0.0 Allowed the `NX` and `GET` options to be used together.",
    },
    arguments = [[
      key:key@0 value:string condition:oneof^2.6.12+optional(nx:pure-token=NX xx:pure-token=XX)
      get:pure-token=GET^6.2.0+optional expiration:oneof+optional(seconds:integer=EX^2.6.12
      milliseconds:integer=PX^2.6.12 unix-time-seconds:unix-time=EXAT^6.2.0
      unix-time-milliseconds:unix-time=PXAT^6.2.0 keepttl:pure-token=KEEPTTL^6.0.0)
    ]],
  },
  DEL = { "Delete a key", "1.0.0", "generic",
    "O(N) where N is the number of keys that will be removed. When a key to remove holds a value other than "
      .. "a string, the individual complexity for this key is O(M) where M is the number of elements in the "
      .. "list, set, sorted set or hash. Removing a single key that holds a string value is O(1).",
    arguments = "key:key@0+multiple",
  },
  FLUSHDB = { "Remove all keys from the current database", "1.0.0", "server",
    "O(N) where N is the number of keys in the selected database",
    history = { "4.0.0 Added the `ASYNC` flushing mode modifier.", "6.2.0 Added the `SYNC` flushing mode modifier." },
    arguments = "async:oneof+optional(async:pure-token=ASYNC^4.0.0 sync:pure-token=SYNC^6.2.0)",
  },
  QUIT = { "Close the connection", "1.0.0", "connection", "O(1)" },
  SHUTDOWN = { "Synchronously save the dataset to disk and then shut down the server", "1.0.0", "server",
    "O(N) when saving, where N is the total number of keys in all databases when saving data, otherwise "
      .. "O(1)",
    history = { "7.0.0 Added the `NOW`, `FORCE` and `ABORT` modifiers." },
    arguments = [[
      nosave_save:oneof+optional(nosave:pure-token=NOSAVE save:pure-token=SAVE) now:pure-token=NOW^7.0.0+optional
      force:pure-token=FORCE^7.0.0+optional abort:pure-token=ABORT^7.0.0+optional
    ]],
  },
  INCR = { "Increment the integer value of a key by one", "1.0.0", "string", "O(1)", arguments = "key:key@0" },
  MGET = { "Get the values of all the given keys", "1.0.0", "string",
    "O(N) where N is the number of keys to retrieve.",
    arguments = "key:key@0+multiple",
  },
  MSET = { "Set multiple keys to multiple values", "1.0.1", "string", "O(N) where N is the number of keys to set.",
    arguments = "key_value:block+multiple(key:key@0 value:string)",
  },
  EXISTS = { "Determine if a key exists", "1.0.0", "generic", "O(N) where N is the number of keys to check.",
    history = { "3.0.3 Accepts multiple `key` arguments." },
    arguments = "key:key@0+multiple",
  },
  EXPIRE = { "Set a key's time to live in seconds", "1.0.0", "generic", "O(1)",
    history = { "7.0.0 Added options: `NX`, `XX`, `GT` and `LT`." },
    arguments = [[
      key:key@0 seconds:integer condition:oneof^7.0.0+optional(nx:pure-token=NX xx:pure-token=XX gt:pure-token=GT
      lt:pure-token=LT)
    ]],
  },
  TTL = { "Get the time to live for a key in seconds", "1.0.0", "generic", "O(1)",
    history = { "2.8.0 Added the -2 reply." },
    arguments = "key:key@0",
  },
  KEYS = { "Find all keys matching the given pattern", "1.0.0", "generic",
    "O(N) with N being the number of keys in the database, under the assumption that the key names in the "
      .. "database and the given pattern have limited length.",
    arguments = "pattern:pattern",
  },
  DBSIZE = { "Return the number of keys in the selected database", "1.0.0", "server", "O(1)" },
  SELECT = { "Change the selected database for the current connection", "1.0.0", "connection", "O(1)",
    arguments = "index:integer",
  },
  HELLO = { "Handshake with Redis", "6.0.0", "connection", "O(1)",
    history = {
      "6.2.0 `protover` made optional; when called without arguments the command reports the current connection's "
        .. "context.",
    },
    arguments = [[
      arguments:block+optional(protover:integer username_password:block=AUTH+optional(username:string password:string)
      clientname:string=SETNAME+optional)
    ]],
  },
  CLIENT = { "A container for client connection commands", "2.4.0", "connection", "Depends on subcommand.",
    below = {
      CACHING = { "Instruct the server about tracking or not keys in the next request", "6.0.0", "connection", "O(1)",
        arguments = "mode:oneof(yes:pure-token=YES no:pure-token=NO)",
      },
      GETNAME = { "Get the current connection name", "2.6.9", "connection", "O(1)" },
      GETREDIR = { "Get tracking notifications redirection client ID if any", "6.0.0", "connection", "O(1)" },
      HELP = { "Show helpful text about the different subcommands", "5.0.0", "connection", "O(1)" },
      ID = { "Returns the client ID for the current connection", "5.0.0", "connection", "O(1)" },
      INFO = { "Returns information about the current client connection.", "6.2.0", "connection", "O(1)" },
      KILL = { "Kill the connection of a client", "2.4.0", "connection",
        "O(N) where N is the number of client connections",
        history = {
          "2.8.12 Added new filter format.", "2.8.12 `ID` option.", "3.2.0 Added `master` type in for `TYPE` option.",
          "5.0.0 Replaced `slave` `TYPE` with `replica`. `slave` still supported for backward compatibility.",
          "6.2.0 `LADDR` option.",
        },
        arguments = [[
          filter:oneof(ip:port:string~2.8.12 new-format:oneof+multiple(client-id:integer=ID^2.8.12+optional
          normal_master_slave_pubsub:oneof=TYPE^2.8.12+optional(normal:pure-token=NORMAL
          master:pure-token=MASTER^3.2.0 slave:pure-token=SLAVE replica:pure-token=REPLICA^5.0.0
          pubsub:pure-token=PUBSUB) username:string=USER+optional ip:port:string=ADDR+optional
          ip:port:string=LADDR^6.2.0+optional yes/no:string=SKIPME+optional))
        ]],
      },
      LIST = { "Get the list of client connections", "2.4.0", "connection",
        "O(N) where N is the number of client connections",
        history = {
          "2.8.12 Added unique client `id` field.", "5.0.0 Added optional `TYPE` filter.",
          "6.0.0 Added `user` field.",
          "6.2.0 Added `argv-mem`, `tot-mem`, `laddr` and `redir` fields and the optional `ID` filter.",
          "7.0.0 Added `resp`, `multi-mem`, `rbs` and `rbp` fields.", "7.0.3 Added `ssub` field.",
        },
        arguments = [[
          normal_master_replica_pubsub:oneof=TYPE^5.0.0+optional(normal:pure-token=NORMAL master:pure-token=MASTER
          replica:pure-token=REPLICA pubsub:pure-token=PUBSUB) id:block=ID^6.2.0+optional(client-id:integer+multiple)
        ]],
      },
      ["NO-EVICT"] = { "Set client eviction mode for the current connection", "7.0.0", "connection", "O(1)",
        arguments = "enabled:oneof(on:pure-token=ON off:pure-token=OFF)",
      },
      PAUSE = { "Stop processing commands from clients for some time", "2.9.50", "connection", "O(1)",
        history = { "6.2.0 `CLIENT PAUSE WRITE` mode added along with the `mode` option." },
        arguments = "timeout:integer mode:oneof^6.2.0+optional(write:pure-token=WRITE all:pure-token=ALL)",
      },
      REPLY = { "Instruct the server whether to reply to commands", "3.2.0", "connection", "O(1)",
        arguments = "on_off_skip:oneof(on:pure-token=ON off:pure-token=OFF skip:pure-token=SKIP)",
      },
      SETNAME = { "Set the current connection name", "2.6.9", "connection", "O(1)",
        arguments = "connection-name:string",
      },
      TRACKING = { "Enable or disable server assisted client side caching support", "6.0.0", "connection",
        "O(1). Some options may introduce additional complexity.",
        arguments = [[
          status:oneof(on:pure-token=ON off:pure-token=OFF) client-id:integer=REDIRECT+optional
          prefix:string=PREFIX+optional,multiple,multiple_token bcast:pure-token=BCAST+optional
          optin:pure-token=OPTIN+optional optout:pure-token=OPTOUT+optional noloop:pure-token=NOLOOP+optional
        ]],
      },
      TRACKINGINFO = {
        "Return information about server assisted client side caching for the current connection", "6.2.0",
        "connection",
        "O(1)",
      },
      UNBLOCK = { "Unblock a client blocked in a blocking command from a different connection", "5.0.0", "connection",
        "O(log N) where N is the number of client connections",
        arguments = "client-id:integer timeout_error:oneof+optional(timeout:pure-token=TIMEOUT error:pure-token=ERROR)",
      },
      UNPAUSE = { "Resume processing of clients that were paused", "6.2.0", "connection",
        "O(N) Where N is the number of paused clients",
      },
    },
  },
  COMMAND = { "Get array of Redis command details", "2.8.13", "server",
    "O(N) where N is the total number of Redis commands",
    below = {
      COUNT = { "Get total number of Redis commands", "2.8.13", "server", "O(1)" },
      DOCS = { "Get array of specific Redis command documentation", "7.0.0", "server",
        "O(N) where N is the number of commands to look up",
        arguments = "command-name:string+optional,multiple",
      },
      GETKEYS = { "Extract keys given a full Redis command", "2.8.13", "server",
        "O(N) where N is the number of arguments to the command",
      },
      GETKEYSANDFLAGS = { "Extract keys and access flags given a full Redis command", "7.0.0", "server",
        "O(N) where N is the number of arguments to the command",
      },
      HELP = { "Show helpful text about the different subcommands", "5.0.0", "server", "O(1)" },
      INFO = { "Get array of specific Redis command details, or all when no argument is given.", "2.8.13", "server",
        "O(N) where N is the number of commands to look up",
        history = { "7.0.0 Allowed to be called with no argument to get info on all commands." },
        arguments = "command-name:string+optional,multiple",
      },
      LIST = { "Get an array of Redis command names", "7.0.0", "server",
        "O(N) where N is the total number of Redis commands",
        arguments = [[
          filterby:oneof=FILTERBY+optional(module-name:string=MODULE category:string=ACLCAT pattern:pattern=PATTERN)
        ]],
      },
    },
  },
  CONFIG = { "A container for server configuration commands", "2.0.0", "server", "Depends on subcommand.",
    below = {
      GET = { "Get the values of configuration parameters", "2.0.0", "server",
        "O(N) when N is the number of configuration parameters provided",
        history = { "7.0.0 Added the ability to pass multiple pattern parameters in one call" },
        arguments = "parameter:block+multiple(parameter:string)",
      },
      HELP = { "Show helpful text about the different subcommands", "5.0.0", "server", "O(1)" },
      RESETSTAT = { "Reset the stats returned by INFO", "2.0.0", "server", "O(1)" },
      REWRITE = { "Rewrite the configuration file with the in memory configuration", "2.8.0", "server", "O(1)" },
      SET = { "Set configuration parameters to the given values", "2.0.0", "server",
        "O(N) when N is the number of configuration parameters provided",
        history = { "7.0.0 Added the ability to set multiple parameters in one call." },
        arguments = "parameter_value:block+multiple(parameter:string value:string)",
      },
    },
  },
  INFO = { "Get information and statistics about the server", "1.0.0", "server", "O(1)",
    history = { "7.0.0 Added support for taking multiple section arguments." },
    arguments = "section:string+optional,multiple",
  },
}

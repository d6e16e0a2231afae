extension SettingTable {
    /// `store`.
    static let store: [SettingDescriptor] = [
        .init(
            "store.backend", \.store.backend, .choice,
            "The database tasks are kept in. By default postgresql when store.url is set, else sqlite.",
            example: .plain("postgresql"), isDerived: true),
        .init(
            "store.path", \.store.path, .path,
            "The SQLite file, on a local file system. By default it is \(StoreSettings.fileName) in state.dir.",
            example: .text("/var/lib/acode/\(StoreSettings.fileName)"), isDerived: true),
        .init(
            "store.url", \.store.url, .databaseURL,
            "The PostgreSQL database, which many hosts may share. What it leaves out comes from libpq's variables (PGHOST, "
                + "PGSERVICE, PGPASSFILE, PGSSLMODE and so on). A password in it is never shown; a passfile is a better "
                + "place. Its tables are made by `acode db migrate`.",
            example: .text("postgresql://acode@db.example.org/acode?sslmode=verify-full")),
        .init(
            "store.listenUrl", \.store.listenURL, .databaseURL,
            "The same database past a pooler, for the one connection that hears of new tasks; by default store.url.",
            example: .text("postgresql://acode@db.example.org:5432/acode")),
        .init(
            "store.connections", \.store.connections, .integer(1...100),
            "The most connections of one process to PostgreSQL. A supervisor has one more to renew leases and one to listen."
        ),
        .init(
            "store.timeout", \.store.timeout, .duration(.seconds(1) ... .seconds(600)),
            "How long one operation of PostgreSQL may take before it is given up."),
    ]

    /// `logs`.
    static let logs: [SettingDescriptor] = [
        .init(
            "logs.maxBytesPerAttempt", \.logs.maxBytesPerAttempt, .bytes((4 << 10)...(1 << 40)),
            "How much of an attempt's output is kept. Of a longer one the first and the last half, with a mark between."
        ),
        .init(
            "logs.onLimit", \.logs.onLimit, .choice,
            "What becomes of a task that writes more: truncate leaves out what is between, fail stops the task."),
        .init(
            "logs.format", \.logs.format, .choice,
            "How the supervisor's own log lines look; auto is text on a terminal and JSON elsewhere."),
        .init("logs.level", \.logs.level, .choice, "The least severe messages that are logged."),
        .init(
            "logs.appName", \.logs.appName, .name("a name"),
            "What the supervisor calls itself in its JSON log lines, as app_name.", alias: "ACODE_APP_NAME"),
    ]

    /// `http`.
    static let http: [SettingDescriptor] = [
        .init(
            "http.listen", \.http.listen, .listenAddress,
            "Where /livez, /readyz, /health, /queue/status and /metrics are served; nowhere while it is empty.",
            example: .text("127.0.0.1:8080"))
    ]

    /// `secrets`.
    static let secrets: [SettingDescriptor] = [
        .init(
            "secrets", \.secrets,
            .map(of: .secretSource, expected: "names of secrets and where each comes from", key: NameRules.key),
            "Where each secret comes from: a file, a variable of the supervisor or the output of a command. A task that "
                + "names one finds it as the file /run/secrets/<name>.",
            example: .map([("api-token", .map([("file", .text("/etc/acode/api-token"))]))]))
    ]

    /// `state`.
    static let state: [SettingDescriptor] = [
        .init(
            "state.dir", \.state.dir, .path,
            "What must outlive a restart: the database, logs, outputs. By default /var/lib/acode for root, else acode "
                + "in $XDG_STATE_HOME or ~/.local/state.",
            example: .text("/var/lib/acode"), isDerived: true),
        .init(
            "state.runtimeDir", \.state.runtimeDir,
            .text("an absolute path of at most 72 bytes", check: PathRules.socketDirectory),
            "Sockets and secrets. By default /run/acode for root, else acode in $XDG_RUNTIME_DIR or /tmp/acode-<uid>.",
            alias: "ACODE_RUNTIME_DIR", example: .text("/run/acode"), isDerived: true),
    ]
}

import Testing

@testable import Settings

@Suite("Settings of the store")
struct StoreSettingsTests {
    @Test("a URL means PostgreSQL, and nothing means SQLite")
    func backend() throws {
        #expect(try load("store: {}").settings.store.backend == .sqlite)
        #expect(try load("store: {path: /x}").settings.store.backend == .sqlite)
        let url = try load("store: {url: \"postgresql://h/d\"}").settings.store
        #expect(url.backend == .postgresql && url.url == DatabaseURL("postgresql://h/d"))
        let variables = try load("store: {backend: postgresql}").settings.store
        #expect(variables.backend == .postgresql && variables.url == nil)
        #expect(try load("store: {url: \"\"}").settings.store.backend == .sqlite)
        let both = try load("store: {url: \"host=h\", path: /x, backend: postgresql}").settings.store
        #expect(both.backend == .postgresql)
    }

    @Test(
        "what can't be is told with its place, and without a password",
        arguments: [
            ("{url: \"mysql://u:hunter2@h/d\"}", "acode.yaml:1:14: store.url: expected a URL or a connection string"),
            ("{url: hunter2}", "acode.yaml:1:14: store.url: expected a URL"),
            ("{url: [\"postgresql://u:hunter2@h\"]}", "store.url: expected a URL"),
            ("{url: \"postgresql://u:hunter2@h\", path: /x}", "store.url: is set, and so is store.path"),
            ("{listenUrl: \"postgresql://u:hunter2@h\"}", "store.listenUrl: is set, but tasks are kept in SQLite"),
            ("{url: \"postgresql://u:hunter2@h\", backend: sqlite}", "store.url: is set, but store.backend is sqlite"),
        ])
    func mistakes(store: String, message: String) throws {
        let error = #expect(throws: ConfigurationError.self) { try load("store: \(store)") }
        let text = error.map { "\($0)" } ?? ""
        #expect(text.contains(message), "\(text)")
        #expect(!text.contains("hunter2"))
    }

    @Test(
        "a password is never printed, and a URL without one is",
        arguments: [
            ("postgresql://u@h:5432/d?sslmode=require", true), ("postgresql://h:5432/d", true),
            ("host=h dbname=d user=u", true), ("service=q", true), ("postgresql:///d?host=/run/pg", true),
            ("postgresql://u:p@h/d", false), ("postgres://u:p@ss@h/d", false), ("postgresql://u:p/x@h", false),
            ("postgresql://h/d?password=p", false), ("postgresql://h/d?PASSWORD=p", false),
            ("postgresql://h/d?p%61ssword=p", false), ("host=h password = 'p'", false), ("sslpassword=p", false),
            ("host=h@x", false),
        ])
    func hiding(text: String, isShown: Bool) throws {
        let url = DatabaseURL(text)
        #expect(url.description == (isShown ? text : "(hidden)"))
        let resolved = try load("store: {url: \"\(text)\"}")
        for printed in [
            "\(resolved.settings)", "\(String(reflecting: resolved.settings.store))", resolved.render(origins: true),
        ] {
            #expect(isShown || !printed.contains(text))
        }
        #expect(resolved.settings.store.url?.secret == text)
    }

    @Test("serving logs needs a token")
    func peers() throws {
        let fine = try load("supervisor: {listen: \"[::]:8443\", tokenFile: /etc/token}").settings.supervisor
        #expect(fine.address(host: "me") == "me:8443")
        let named = try load(
            "supervisor: {listen: \"0.0.0.0:1\", advertise: \"a.b:2\", tokenFile: /t}"
        ).settings.supervisor
        #expect(named.address(host: "me") == "a.b:2")
        #expect(try load("supervisor: {tokenFile: /t}").settings.supervisor.address(host: "me") == nil)
        for text in ["{listen: \"1.2.3.4:5\"}", "{listen: \"1.2.3.4:0\", tokenFile: /t}"] {
            #expect(throws: ConfigurationError.self) { try load("supervisor: \(text)") }
        }
    }

    @Test(
        "where logs are served has to be a place of its own that others can reach",
        arguments: [
            ("supervisor: {listen: \"1.2.3.4:5\"}", "supervisor.listen: needs supervisor.tokenFile", true),
            ("supervisor: {listen: \"1.2.3.4:5\"}", "put the same on every host", true),
            (
                "supervisor: {listen: \"1.2.3.4:5\", advertise: \"a:0\", tokenFile: /t}",
                "supervisor.advertise: is no address that others can reach", true
            ),
            (
                "supervisor: {listen: \"1.2.3.4:5\", advertise: \"0.0.0.0:5\", tokenFile: /t}",
                "supervisor.advertise: is no address that others can reach", true
            ),
            (
                "supervisor: {listen: \"1.2.3.4:5\", tokenFile: /t}\nhttp: {listen: \"0.0.0.0:5\"}",
                "supervisor.listen: is where http.listen serves", true
            ),
            ("supervisor: {advertise: \"a:1\"}", "supervisor.advertise: has no effect without", false),
            ("supervisor: {listen: \"127.0.0.1:5\", tokenFile: /t}", "only this host can reach it", false),
            ("supervisor: {listen: \"127.0.0.1:5\", advertise: \"a:1\", tokenFile: /t}", nil, false),
            ("supervisor: {listen: \"1.2.3.4:5\", tokenFile: /t}\nhttp: {listen: \"127.0.0.1:5\"}", nil, false),
        ] as [(String, String?, Bool)])
    func places(text: String, words: String?, isMistake: Bool) throws {
        let found = isMistake ? try problems(text) : try load(text).warnings.map(\.description)
        #expect(found.count == (words == nil ? 0 : 1), "\(found)")
        if let words { #expect(found.first?.contains(words) == true, "\(found)") }
    }
}

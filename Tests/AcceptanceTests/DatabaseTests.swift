import Foundation
import Glibc
import TestSupport
import Testing

extension Acceptance {
    /// the database as those see it who set it up.
    @Suite("Database", .timeLimit(.minutes(5)))
    struct Database {
        @Test("without tables everything says what to do; `db migrate` makes them, once; a newer database is refused")
        func tables() async throws {
            try await TestDatabase.with { database in
                try await AcodeFixture.with(settings: ["store.url": .string(database.url)]) { fixture in
                    for command in [["task", "list"], ["task", "submit", "--", "true"], ["worker", "start"]] {
                        let refusal = try await fixture.acode(command)
                        #expect(refusal.code == 69, "\(refusal)")
                        #expect(refusal.errorText.contains("no tables"), "\(refusal)")
                        #expect(refusal.errorText.contains("hint: run `acode db migrate`"), "\(refusal)")
                    }
                    let before = try await fixture.acode("db", "status", "--json")
                    #expect(before.code == 1)
                    #expect(try JSONValue(parsing: before.output)["state"] == "missing")
                    #expect(try await fixture.acode("doctor").text.contains("fix: run `acode db migrate`"))
                    #expect(try await database.sql("SELECT to_regnamespace('acode') IS NULL") == ["t"])

                    let made = try await fixture.json("db", "migrate")
                    #expect(made["found"] == 0 && made["version"] != 0, "\(made)")
                    let again = try await fixture.acode("db", "migrate").succeeded()
                    #expect(again.text.contains("is up to date"), "\(again)")
                    let after = try await fixture.json("db", "status")
                    #expect(after["state"] == "current" && after["backend"] == "postgresql", "\(after)")
                    #expect(after["missingRights"].elements.isEmpty)
                    #expect(try await fixture.tasks().isEmpty)

                    try await database.sql("INSERT INTO acode.migration VALUES (99, now())")
                    for command in [["db", "migrate"], ["task", "list"]] {
                        let refusal = try await fixture.acode(command)
                        #expect(refusal.code == 69 && refusal.errorText.contains("version 99"), "\(refusal)")
                    }
                    let status = try await fixture.acode("db", "status")
                    #expect(status.code == 1 && status.text.contains("of a newer program"), "\(status)")
                }
            }
        }

        @Test("a file that is not there yet is told, and not made")
        func notMadeYet() async throws {
            try await AcodeFixture.with { fixture in
                let status = try await fixture.json("db", "status")
                #expect(status["state"] == "missing" && status["usable"] == true, "\(status)")
                #expect(!FileManager.default.fileExists(atPath: "\(fixture.stateDirectory)/acode.sqlite"))
                _ = try await fixture.submit([], ["true"])
                #expect(try await fixture.json("db", "status")["state"] == "current")
            }
        }

        @Test("a file of another version is told and stays as it is; a place that can't be is no missing file")
        func otherVersions() async throws {
            try await AcodeFixture.with(settings: ["store.path": "/nowhere/acode.sqlite"]) { fixture in
                let path = "\(fixture.scratch)/acode.sqlite"
                func acode(_ arguments: String...) async throws -> FinishedProcess {
                    try await fixture.acode(arguments, environment: ["ACODE_STORE_PATH": path])
                }
                try await acode("task", "submit", "-q", "--", "true").succeeded()
                let current = try await acode("db", "status", "--json").json()["schemaVersion"]
                let version = try #require(current.int)
                for (other, state, code) in [(version - 1, "old", 0), (version + 1, "newer", 1)] {
                    // Where the format of the file has `user_version`.
                    let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
                    try file.seek(toOffset: 63)
                    try file.write(contentsOf: [UInt8(other)])
                    try file.close()
                    let before = FileManager.default.contents(atPath: path)
                    let status = try await acode("db", "status", "--json")
                    let told = try JSONValue(parsing: status.output)
                    #expect(status.code == code && told["state"] == .string(state), "\(status)")
                    #expect(told["usable"] == .bool(code == 0) && told["schemaVersion"].int == other, "\(told)")
                    _ = try await acode("doctor")
                    #expect(FileManager.default.contents(atPath: path) == before)
                    let files = try FileManager.default.contentsOfDirectory(atPath: fixture.scratch)
                    #expect(files == ["acode.sqlite"])
                }
                let below = ["ACODE_STORE_PATH": "\(path)/acode.sqlite"]
                let status = try await fixture.acode(["db", "status"], environment: below)
                #expect(status.code == 69 && status.errorText.contains("Not a directory"), "\(status)")
                #expect(status.errorText.contains("hint: name another place"), "\(status)")
            }
        }

        @Test("a role with no right to make tables does everything else, one that may only read does only that")
        func roles() async throws {
            try await TestDatabase.with { database in
                let owner = try await database.role("owner")
                try await database.sql("GRANT CREATE ON DATABASE \(database.name) TO \(owner)")
                let (user, reader) = (try await database.role("user"), try await database.role("reader"))
                func setting(_ role: String) -> [String: String] { ["ACODE_STORE_URL": database.url(role: role)] }
                try await AcodeFixture.with { fixture in
                    let refused = try await fixture.acode(["db", "migrate"], environment: setting("user"))
                    #expect(refused.code == 69 && refused.errorText.contains("permission denied"), "\(refused)")
                    let made = try await fixture.acode(
                        ["db", "migrate", "--grant", user, "--grant-read", reader], environment: setting("owner"))
                    #expect(made.code == 0, "\(made)")
                    try await Self.work(fixture, setting("user"))
                    try await Self.look(fixture, setting("reader"))
                    // Nothing that was written needs the one who made the tables, and nobody else made any.
                    let owners = try await database.sql(
                        "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'acode'")
                    #expect(owners == [owner])
                    try await Self.mayDoNoMore(database, owner: owner)
                    try await database.sql("REVOKE INSERT ON acode.lease FROM \(user)")
                    let status = try await fixture.acode(["db", "status"], environment: setting("user"))
                    #expect(status.code == 1 && status.text.contains("INSERT on acode.lease"), "\(status)")
                    let doctor = try await fixture.acode(["doctor"], environment: setting("user"))
                    #expect(doctor.text.contains("\(user) lacks INSERT on acode.lease"), "\(doctor)")
                }
            }
        }

        /// Than it needs, also with tables to come.
        private static func mayDoNoMore(_ database: TestDatabase, owner: String) async throws {
            for refused in [
                "CREATE TABLE acode.mine (id integer)", "DELETE FROM acode.migration", "DROP TABLE acode.event",
                "TRUNCATE acode.event", "CREATE TABLE public.mine (id integer)",
            ] {
                #expect(try await !mayRun(refused, database.url(role: "user")), "\(refused)")
            }
            try await database.sql("SET ROLE \(owner); CREATE TABLE acode.later (id integer)")
            #expect(try await mayRun("INSERT INTO acode.later VALUES (1)", database.url(role: "user")))
            #expect(try await mayRun("SELECT * FROM acode.later", database.url(role: "reader")))
            #expect(try await !mayRun("DELETE FROM acode.later", database.url(role: "reader")))
            try await database.sql("DROP TABLE acode.later")
        }

        private static func mayRun(_ sql: String, _ url: String) async throws -> Bool {
            let plan = ProcessPlan("/usr/bin/psql", ["-XqAt", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", sql])
            do {
                _ = try await ChildProcess.tool(plan, within: .seconds(20))
                return true
            } catch {
                let words = "\(error)"
                #expect(words.contains("denied") || words.contains("must be owner"), "\(words)")
                return false
            }
        }

        private static func work(_ fixture: AcodeFixture, _ environment: [String: String]) async throws {
            func acode(_ arguments: String...) async throws -> FinishedProcess {
                try await fixture.acode(arguments, environment: environment)
            }
            var options = PoolOptions()
            options.environment = environment
            options.waitsForWorkers = false
            try await fixture.withSupervisor(.local, options) { _ in
                let run = try await acode("task", "submit", "--wait", "--", "echo", "done")
                #expect(run.code == 0 && run.text == "done\n", "\(run)")
                let failed = try await acode("task", "submit", "--unique-key", "k", "--wait", "--", "false")
                #expect(failed.code == 1, "\(failed)")
                let dead = try await acode("queue", "dead", "list", "-q").succeeded()
                let id = try #require(dead.lines.first)
                let later = try await acode("task", "submit", "-q", "--delay", "1h", "--", "true").succeeded()
                for command in [
                    ["queue", "pause", "other"], ["queue", "resume", "other"], ["queue", "dead", "requeue", id],
                    ["task", "cancel", later.lines[0]], ["task", "events", id], ["task", "logs", id], ["task", "list"],
                    ["queue"],
                    ["gc"],
                    ["db", "status"], ["db", "migrate"], ["doctor"],
                ] {
                    let end = try await fixture.acode(command, environment: environment)
                    #expect(end.code == 0 || command[0] == "doctor", "\(end)")
                    #expect(!end.errorText.contains("denied"), "\(end)")
                }
            }
        }

        private static func look(_ fixture: AcodeFixture, _ environment: [String: String]) async throws {
            for command in [["task", "list"], ["queue"], ["queue", "dead", "list"]] {
                let end = try await fixture.acode(command, environment: environment)
                #expect(end.code == 0, "\(end)")
            }
            let refused = try await fixture.acode(["task", "submit", "--", "true"], environment: environment)
            #expect(refused.code == 69, "\(refused)")
            #expect(refused.errorText.contains("permission denied for table"), "\(refused)")
            #expect(refused.errorText.contains("hint: see the rights"), "\(refused)")
        }

        @Test("where the database is comes from a URL, from libpq's variables, a service file and a passfile")
        func places() async throws {
            try await TestDatabase.with { database in
                let place = database.place
                try await AcodeFixture.with { fixture in
                    let passfile = try fixture.file("pgpass", "*:*:*:*:\(place.password)\n")
                    chmod(passfile, 0o600)
                    let services = try fixture.file(
                        "services",
                        "[q]\nhost=\(place.host)\nport=\(place.port)\nuser=\(place.user)\ndbname=\(database.name)\n")
                    let variables = [
                        "PGHOST": place.host, "PGPORT": place.port, "PGUSER": place.user, "PGDATABASE": database.name,
                        "ACODE_STORE_BACKEND": "postgresql",
                    ]
                    let ways: [[String: String]] = [
                        ["ACODE_STORE_URL": database.url],
                        variables.merging(["PGPASSWORD": place.password]) { $1 },
                        variables.merging(["PGPASSFILE": passfile]) { $1 },
                        [
                            "PGSERVICEFILE": services, "ACODE_STORE_URL": "service=q passfile=\(passfile)",
                        ],
                        [
                            "ACODE_STORE_URL": "postgresql:///?service=q", "PGSERVICEFILE": services,
                            "PGPASSFILE": passfile,
                        ],
                    ]
                    for way in ways {
                        let end = try await fixture.acode(["db", "migrate"], environment: way)
                        #expect(end.code == 0, "\(way.keys.sorted()) \(end)")
                    }
                }
            }
        }

        @Test("no password is ever shown: by the configuration, errors, status, logs or a command line")
        func secrets() async throws {
            let secret = "hunter2-x"
            try await AcodeFixture.with { fixture in
                for url in [
                    "postgresql://acode:\(secret)@127.0.0.1:1/acode", "host=127.0.0.1 port=1 password=\(secret)",
                    "postgresql://127.0.0.1:1/acode?user=a&p%61ssword=\(secret)", "mysql://a:\(secret)@h/d",
                    "postgresql://acode:\(secret)@127.0.0.1:1x/acode", "postgresql://a:\(secret)@[::1/acode",
                ] {
                    for command in [
                        ["config", "show"], ["config", "show", "--json", "--origin"], ["config", "validate"],
                        ["doctor"], ["task", "list"], ["db", "status"], ["db", "migrate"], ["worker", "start"],
                    ] {
                        let end = try await fixture.acode(command, environment: ["ACODE_STORE_URL": url])
                        #expect(!end.text.contains("hunter2"), "\(url) \(end)")
                        #expect(!end.errorText.contains("hunter2"), "\(url) \(end)")
                    }
                }
                let unreadable = ["ACODE_STORE_URL": "postgresql://acode:a/b@c@h/d"]
                let refused = try await fixture.acode(["task", "list"], environment: unreadable)
                #expect(refused.code == 78 && refused.errorText.contains("store.url"), "\(refused)")
                let shown = try await fixture.acode(
                    ["config", "show"], environment: ["ACODE_STORE_URL": "postgresql://acode@db.example:5432/q"])
                #expect(shown.text.contains("url: \"postgresql://acode@db.example:5432/q\""), "\(shown)")
                #expect(shown.text.contains("backend: postgresql"), "\(shown)")
            }
        }

        @Test("nor does a supervisor tell the password that it has, to anybody it tells of itself or starts")
        func secretOfASupervisor() async throws {
            try await TestDatabase.with { database in
                let role = try await database.role("user")
                try await AcodeFixture.with("password", settings: ["logs.level": "debug"]) { fixture in
                    let made = try await fixture.acode(
                        ["db", "migrate", "--grant", role], environment: ["ACODE_STORE_URL": database.url])
                    #expect(made.code == 0, "\(made)")
                    let environment = ["ACODE_STORE_URL": database.url(role: "user")]
                    let counters = SupervisorCounters()
                    var options = counters.options()
                    options.environment = environment
                    options.waitsForWorkers = false
                    try await fixture.withSupervisor(.local, options) { supervisor in
                        // Its agent has no more in its environment than the task.
                        let script = "env; tr '\\0' '\\n' < /proc/$PPID/environ"
                        let seen = try await fixture.acode(
                            ["task", "submit", "--wait", "--", "sh", "-c", script], environment: environment)
                        #expect(seen.code == 0 && seen.text.contains("ACODE_TASK_ID="), "\(seen)")
                        var told = [seen.text, supervisor.process.errorText, try await counters.text()]
                        for path in ["/health", "/readyz", "/queue/status"] {
                            told.append(try await Curl.get("http://127.0.0.1:\(counters.port)\(path)").body)
                        }
                        for command in [
                            ["worker", "list", "--json"], ["task", "list", "--json"], ["doctor"], ["doctor", "--json"],
                            ["db", "status", "--json"], ["config", "show", "--json"], ["queue", "list", "--json"],
                        ] {
                            let end = try await fixture.acode(command, environment: environment)
                            told += [end.text, end.errorText]
                        }
                        #expect(told.allSatisfy { !$0.contains(TestDatabase.password) })
                    }
                }
            }
        }

        @Test("two databases are one too many")
        func two() async throws {
            try await AcodeFixture.with { fixture in
                let url = ["ACODE_STORE_URL": "postgresql://h/d", "ACODE_STORE_PATH": "/tmp/x.sqlite"]
                let both = try await fixture.acode(["config", "validate"], environment: url)
                #expect(both.code == 78 && both.text.contains("store.path"), "\(both)")
                let other = try await fixture.acode(
                    ["config", "validate"],
                    environment: ["ACODE_STORE_URL": "postgresql://h/d", "ACODE_STORE_BACKEND": "sqlite"])
                #expect(other.code == 78, "\(other)")
                let chosen = url.merging(["ACODE_STORE_BACKEND": "postgresql"]) { $1 }
                #expect(try await fixture.acode(["config", "validate"], environment: chosen).code == 0)
            }
        }
    }
}

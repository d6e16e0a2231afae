import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// FR-051…055: a task that tries to get out of its container. `images/testing/escape.c` has the ways.
    @Suite("Escapes", .timeLimit(.minutes(5)))
    struct Escapes {
        /// What the ten ways of the requirement are called.
        private static let required: Set<String> = [
            "mount", "setuid", "setuid-program", "ptrace", "device", "mknod-block", "raw-socket", "proc-sys", "chroot",
            "keyctl", "module",
        ]

        /// An image, who its tasks are to be, and who that is.
        struct Case: Sendable, CustomTestStringConvertible {
            let engine: Engine
            let image: String
            let settings: [String: JSONValue]
            let user: String

            var testDescription: String { "\(engine) \(image) as \(user)" }
        }

        static let cases: [Case] = Engine.all.flatMap { engine in
            [
                Case(engine: engine, image: TestImage.busybox, settings: [:], user: "1000"),
                Case(engine: engine, image: TestImage.root, settings: [:], user: "1000"),
                Case(
                    engine: engine, image: TestImage.root,
                    settings: ["workers.docker.user": "0:0", "workers.docker.allowRoot": true], user: "0"),
                Case(
                    engine: engine, image: TestImage.busybox,
                    settings: ["workers.docker.readOnlyRootFilesystem": true], user: "1000"),
            ]
        }

        @Test("every way out is refused", arguments: cases)
        func everyWay(_ way: Case) async throws {
            try await AcodeFixture.with("escape-\(way.testDescription)", settings: way.settings) { fixture in
                var options = PoolOptions()
                options.image = way.image
                try await fixture.withSupervisor(.of(way.engine), options) { _ in
                    let who = try await fixture.runScript("id -u")
                    #expect(who.lines == [way.user])
                    // What the engines hide: the memory and the keys of this host, its timers and its firmware.
                    let hidden = try await fixture.runScript(
                        """
                        for file in kcore keys timer_list; do [ ! -e /proc/$file ] || wc -c </proc/$file; done
                        ls -A /sys/firmware | wc -l
                        """)
                    #expect(hidden.lines.count >= 3 && Set(hidden.lines) == ["0"], "\(hidden)")
                    let run = try await fixture.submitAndWait([], ["escape"])
                    let found = Dictionary(
                        run.lines.map { $0.split(separator: " ") }.map {
                            ($0.first ?? "", $0.dropFirst().joined(separator: " "))
                        },
                        uniquingKeysWith: { first, _ in first })
                    let worked = found.filter { !$0.value.hasPrefix("refused E") }
                    #expect(worked.isEmpty, "\(run)")
                    #expect(Self.required.isSubset(of: found.keys.map(String.init)), "\(run)")
                    #expect(run.code == 0)
                }
            }
        }

        @Test("the program that tries would notice if a way were open", arguments: Engine.all)
        func theProgramCanSucceed(_ engine: Engine) async throws {
            try await AcodeFixture.with("escape-open-\(engine)") { fixture in
                let limits: [JSONValue] = [
                    ["Name": "nofile", "Soft": 64, "Hard": 64], ["Name": "nproc", "Soft": 64, "Hard": 64],
                ]
                let body: JSONValue = [
                    "Image": .string(TestImage.root), "Cmd": ["escape"], "User": "0:0",
                    "HostConfig": [
                        // Short of what would change this host: what is the kernel's stays hidden or read-only.
                        "CapAdd": ["NET_RAW", "SYS_CHROOT", "MKNOD", "SYS_ADMIN", "SYS_PTRACE"],
                        "SecurityOpt": ["seccomp=unconfined"], "NetworkMode": "none", "Ulimits": .array(limits),
                    ],
                ]
                let id = try await engine.api.json("POST", "/containers/create", body: body)["Id"].string ?? ""
                fixture.atEnd { try await engine.api.remove(id) }
                _ = try await engine.api.call("POST", "/containers/\(id)/start")
                try await eventually("its end") {
                    try await engine.api.inspect(id)["State"]["Running"] == false
                }
                let lines = try await engine.api.logs(id).output.text.split(separator: "\n")
                for way in [
                    "mount", "bind-mount", "memory-of-pid-1", "environment-of-pid-1", "raw-socket", "packet-socket",
                    "chroot", "keyctl", "add-key", "user-namespace", "mount-namespace",
                ] {
                    #expect(lines.contains("\(way) SUCCEEDED"), "\(way): \(lines)")
                }
            }
        }
    }
}

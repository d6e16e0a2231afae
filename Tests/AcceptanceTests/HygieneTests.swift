import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// FR-054, FR-075: a task finds nothing of the one that ran before it in the same worker.
    @Suite("Hygiene between tasks", .timeLimit(.minutes(3)))
    struct Hygiene {
        static let cases: [(Engine, Bool)] = Engine.all.flatMap { [($0, false), ($0, true)] }

        @Test("no file, process or shared memory stays", arguments: cases)
        func nothingStays(_ engine: Engine, isReadOnly: Bool) async throws {
            let settings: [String: JSONValue] = [
                "workers.recycle": "never", "workers.docker.readOnlyRootFilesystem": .bool(isReadOnly),
            ]
            try await AcodeFixture.with("hygiene-\(engine)-\(isReadOnly)", settings: settings) { fixture in
                try await fixture.withSupervisor(.of(engine)) { supervisor in
                    let places = "/tmp /var/tmp /dev/shm /dev/mqueue $ACODE_TEMP_DIR $PWD"
                    let before = try await fixture.runScript("hostname; for d in \(places); do ls -A $d; done")
                    let first = try await fixture.runScript(
                        """
                        for d in \(places); do
                            : > $d/trace && echo wrote $d
                            [ $d = /dev/mqueue ] || { mkdir -p $d/deep/.hidden && echo trace > $d/deep/.hidden/file; }
                            chmod 000 $d/deep 2>/dev/null
                        done
                        (setsid sleep 8769 &)
                        true
                        """)
                    #expect(first.code == 0)
                    #expect(first.lines.count == 6, "\(first)")
                    let after = try await fixture.runScript(
                        "hostname; for d in \(places); do ls -A $d; done; ps | grep '[8]769'; cat /proc/sysvipc/shm | sed 1d"
                    )
                    #expect(after.text == before.text, "\(after)")
                    #expect(try await supervisor.containers().count == 1)
                }
            }
        }

        @Test("with a read-only root nothing but the temporary places can be written", arguments: Engine.all)
        func readOnlyRoot(_ engine: Engine) async throws {
            let settings: [String: JSONValue] = ["workers.docker.readOnlyRootFilesystem": true]
            try await AcodeFixture.with("read-only-\(engine)", settings: settings) { fixture in
                try await fixture.withSupervisor(.of(engine)) { supervisor in
                    let run = try await fixture.runScript(
                        """
                        for d in / /etc /home/worker /usr/local/bin /var /.acode; do
                            touch $d/x 2>/dev/null && echo "wrote $d"
                        done
                        for d in /tmp /var/tmp "$TMPDIR" "$ACODE_TEMP_DIR" "$PWD"; do
                            f=$(mktemp -p $d) && echo "kept in $f" > $f || echo "no room in $d"
                        done
                        echo work > result; cat result
                        """)
                    #expect(run.text == "work\n", "\(run)")
                    #expect(try await supervisor.onlyContainer()["HostConfig"]["ReadonlyRootfs"] == true)
                    let full = try await fixture.runScript(
                        "dd if=/dev/zero of=/tmp/x bs=1M count=70 2>&1; dd if=/dev/zero of=/var/tmp/x bs=1M count=70 2>&1"
                    )
                    #expect(full.text.components(separatedBy: "No space left on device").count == 3, "\(full)")
                }
            }
        }
    }
}

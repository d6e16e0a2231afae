import AgentProtocol
import Foundation
import Testing

@testable import AgentCore

@Suite("What an attempt leaves in temporary directories", .serialized, .timeLimit(.minutes(3)))
struct ScratchTests {
    /// Runs a script in an agent that sweeps a directory with one file of "the image" in it, and says what is left there.
    private static func left(by script: String) async throws -> (names: [String], transcript: Transcript) {
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("scratch-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: place) }
        try Data().write(to: place.appendingPathComponent("of-the-image"))
        let path = place.path
        return try await AgentFixture.connected(options: ["--scratch", path, "--scratch", "/nowhere"]) {
            _, connection in
            let transcript = try connection.perform(.shell("cd \(path) && \(script)"))
            return (try FileManager.default.contentsOfDirectory(atPath: path).sorted(), transcript)
        }
    }

    @Test(arguments: [
        "true",
        "touch a .b 'c d' -e",
        "mkdir -p a/b/c d; touch a/x a/b/x a/b/c/x",
        "mkdir -p a/b; touch a/b/x; chmod 000 a/b; chmod 000 a",
        "ln -s /etc/passwd link; ln -s / root; mkdir real; ln -s .. real/up; mkfifo pipe",
        "printf x > $(printf 'bad\\377name'); mkdir $(printf 'dir\\376'); touch $(printf 'dir\\376/in')",
        "mkdir -p .acode-sweep-1/a; touch .acode-sweep-1/a/b",
        // Deeper than a path may be long.
        "d=dddddddddddddddddddddddddddddddddddddddddddddddddd; i=0; while [ $i -lt 150 ]; do mkdir $d; cd $d; i=$((i+1));"
            + " done; echo deep > end",
        // More than one step.
        "mkdir many; i=0; while [ $i -lt 40 ]; do mkdir many/$i; (cd many/$i; touch $(seq 60)); i=$((i+1)); done;"
            + " touch $(seq 600)",
    ])
    func isRemoved(_ script: String) async throws {
        let (names, transcript) = try await Self.left(by: "{ \(script); }; echo done")
        #expect(transcript.text == "done\n", "\(transcript.errorText)")
        #expect(names == ["of-the-image"])
    }

    @Test func isGoneBeforeTheNextTaskBegins() async throws {
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("scratch-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: place) }
        try await AgentFixture.connected(options: ["--scratch", place]) { _, connection in
            _ = try connection.perform(
                .shell("mkdir -p \(place)/deep/er; echo secret > \(place)/deep/er/file", token: 1))
            let next = try connection.perform(.shell("find \(place) -mindepth 1", token: 2))
            #expect(next.text == "")
        }
    }

    @Test func linksAreNotFollowed() async throws {
        let target = FileManager.default.temporaryDirectory.appendingPathComponent("target-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: target) }
        try Data().write(to: target.appendingPathComponent("precious"))
        let (names, _) = try await Self.left(by: "ln -s \(target.path) out; mkdir in; ln -s \(target.path) in/out")
        #expect(names == ["of-the-image"])
        #expect(FileManager.default.fileExists(atPath: target.appendingPathComponent("precious").path))
    }

    @Test func whatLeadsToAMountStays() {
        let mounts = ScratchPlaces.mountPoints(
            in: """
                22 1 0:21 / / rw,relatime - overlay overlay rw
                23 22 0:22 / /tmp/a/b rw - tmpfs tmpfs rw
                24 22 0:23 / /tmp/with\\040space rw - tmpfs tmpfs rw
                25 22 0:24 / /tmpfile rw - tmpfs tmpfs rw
                """)
        #expect(mounts == ["/", "/tmp/a/b", "/tmp/with space", "/tmpfile"])
        #expect(ScratchPlaces.names(below: "/tmp", in: mounts) == ["a", "with space"])
    }
}

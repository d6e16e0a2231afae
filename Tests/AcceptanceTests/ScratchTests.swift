import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// what attempts leave in their working directory.
    @Suite("Scratch", .timeLimit(.minutes(3)))
    struct Scratch {
        @Test("it is gone after success and kept after failure, with its size on the timeline", arguments: Backend.all)
        func kept(_ backend: Backend) async throws {
            try await AcodeFixture.with("scratch-\(backend)") { fixture in
                try await fixture.withSupervisor(backend) { _ in
                    let fine = try await fixture.submitScript("echo x > left; mkdir d; echo y > d/z")
                    try await fixture.waitFor(fine, state: "complete")
                    #expect(!FileManager.default.fileExists(atPath: "\(fixture.stateDirectory)/scratch/\(fine)"))
                    let failed = try await fixture.submitScript(
                        "ls -A; dd if=/dev/zero of=big bs=1024 count=300 2>/dev/null; echo o > $ACODE_OUTPUT_DIR/o; exit 3"
                    )
                    try await fixture.waitFor(failed, state: "error")
                    #expect(try await fixture.acode("task", "logs", failed).text.isEmpty)
                    let place = "\(fixture.stateDirectory)/scratch/\(failed)/1"
                    let work = "\(place)/work"
                    let big = try FileManager.default.attributesOfItem(atPath: "\(work)/big")
                    #expect(big[.size] as? Int == 300 << 10)
                    #expect(FileManager.default.fileExists(atPath: "\(place)/output/o"))
                    let events = try await fixture.json("task", "events", failed).elements
                    let event = try #require(events.first { $0["kind"] == "scratch_kept" })
                    let words = try #require(event["message"].string)
                    #expect(words.contains(place), "\(words)")
                    let bytes = try #require(words.split(separator: " ").compactMap { Int($0) }.first)
                    #expect(bytes >= 300 << 10)
                    // An attempt that left nothing keeps nothing.
                    let clean = try await fixture.submitScript("exit 3")
                    try await fixture.waitFor(clean, state: "error")
                    #expect(!FileManager.default.fileExists(atPath: "\(fixture.stateDirectory)/scratch/\(clean)"))
                }
            }
        }

        @Test("kept scratch goes when there is too much of it, the oldest first", arguments: [Backend.local])
        func swept(_ backend: Backend) async throws {
            let settings: [String: JSONValue] = ["scratch.maxTotal": "1MiB", "scratch.sweepInterval": "100ms"]
            try await AcodeFixture.with("scratch-swept", settings: settings) { fixture in
                try await fixture.withSupervisor(backend) { _ in
                    var ids: [String] = []
                    for _ in 0..<3 {
                        let id = try await fixture.submitScript(
                            "dd if=/dev/zero of=big bs=1024 count=450 2>/dev/null; exit 3")
                        try await fixture.waitFor(id, state: "error")
                        ids.append(id)
                    }
                    let root = "\(fixture.stateDirectory)/scratch"
                    try await eventually("the oldest to be gone") {
                        try FileManager.default.contentsOfDirectory(atPath: root).sorted() == ids[1...].sorted()
                    }
                }
            }
        }

        @Test("kept scratch goes when it is old, and not before", arguments: [Backend.local])
        func aged(_ backend: Backend) async throws {
            let settings: [String: JSONValue] = ["scratch.maxAge": "1h", "scratch.sweepInterval": "100ms"]
            try await AcodeFixture.with("scratch-aged", settings: settings) { fixture in
                let root = "\(fixture.stateDirectory)/scratch"
                try await fixture.withSupervisor(backend) { _ in
                    var ids: [String] = []
                    for _ in 0..<2 {
                        let id = try await fixture.submitScript("echo x > left; exit 3")
                        try await fixture.waitFor(id, state: "error")
                        ids.append(id)
                    }
                    let long = Date(timeIntervalSinceNow: -3601)
                    for place in ["\(root)/\(ids[0])/1", "\(root)/\(ids[0])"] {
                        try FileManager.default.setAttributes([.modificationDate: long], ofItemAtPath: place)
                    }
                    try await eventually("the old one to be gone") {
                        !FileManager.default.fileExists(atPath: "\(root)/\(ids[0])")
                    }
                    let kept = "\(root)/\(ids[1])/1/work"
                    #expect(FileManager.default.fileExists(atPath: "\(kept)/left"))
                }
            }
        }
    }
}

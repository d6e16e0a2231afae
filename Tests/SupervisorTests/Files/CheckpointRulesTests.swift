import AgentProtocol
import Foundation
import TaskModel
import Testing

@testable import Supervisor

@Suite("What a task may save")
struct CheckpointRulesTests {
    private static func save(phase: Int = 1, data: String? = nil, artifacts: [String] = []) -> CheckpointSave {
        CheckpointSave(
            attempt: AttemptRef(taskID: "t", attempt: 1, token: 1), number: 1, phase: phase, data: data,
            artifacts: artifacts)
    }

    private static func mistake(_ body: () throws(CheckpointRules.Mistake) -> Void) -> String? {
        do throws(CheckpointRules.Mistake) {
            try body()
            return nil
        } catch {
            return error.words
        }
    }

    @Test(
        arguments: [
            (nil, nil), ("{}", "{}"), (" [1] \n", "[1]"), ("\"a\\u0000b\"", "\"a\\u0000b\""), ("null", "null"),
            ("", nil),
            ("1.50", "1.50"), ("-0.5e+10", "-0.5e+10"),
            ("[{\"a\":[],\"b\":{}} , 2E-3,true,false]", "[{\"a\":[],\"b\":{}} , 2E-3,true,false]"),
            ("\"\\/\\u00e9ü\"", "\"\\/\\u00e9ü\""),
        ] as [(String?, String?)])
    func jsonIsKeptAsItIsWritten(data: String?, kept: String?) throws {
        #expect(try CheckpointRules.data(of: Self.save(data: data)) == kept)
    }

    @Test(arguments: [
        "{", "{} {}", "'a'", "\"a\0b\"", "[1,]", "nul", "[1 2]", "{\"a\" 1}", "{,}", "{\"a\":1,}", "01", "1.", ".5",
        "+1", "1e", "0x1", "\"\\x\"", "\"\\u12g4\"",
        "\"a\tb\"", "NaN", "-", "// x\n1", "\u{FEFF}1",
    ])
    func whatIsNoJSONIsRefused(data: String) {
        #expect(
            Self.mistake { () throws(CheckpointRules.Mistake) in
                _ = try CheckpointRules.data(of: Self.save(data: data))
            } != nil)
    }

    @Test(arguments: [0, -1, 1_000_000_001, .max, .min])
    func phasesHaveBounds(phase: Int) {
        #expect(
            Self.mistake { () throws(CheckpointRules.Mistake) in
                _ = try CheckpointRules.data(of: Self.save(phase: phase))
            }?.contains("\(phase)") == true)
    }

    @Test func deepAndLongDataIsRefused() {
        for data in [String(repeating: "[", count: 200_000), "\"" + String(repeating: "x", count: 256 << 10) + "\""] {
            #expect(
                Self.mistake { () throws(CheckpointRules.Mistake) in
                    _ = try CheckpointRules.data(of: Self.save(data: data))
                } != nil)
        }
    }

    @Test(
        arguments: [
            (["a"], [["a"]]), (["/out/a/b", "./a/b/", "a//b"], [["a", "b"]]), (["a/b", "a", "ab"], [["a"], ["ab"]]),
            ([], []),
        ] as [([String], [[String]])])
    func artifactsAreNamesBelowTheOutputDirectory(written: [String], names: [[String]]) throws {
        #expect(try CheckpointRules.artifacts(of: Self.save(artifacts: written), outputs: "/out") == names)
    }

    @Test(arguments: ["", "/", "/out", "/out/", ".", "..", "a/../b", "/etc/passwd", "/output/a", "a\0b", "../out/a"])
    func otherPlacesAreRefused(written: String) {
        #expect(
            Self.mistake { () throws(CheckpointRules.Mistake) in
                _ = try CheckpointRules.artifacts(of: Self.save(artifacts: [written]), outputs: "/out")
            } != nil)
    }

    @Test func theFileSaysWhatWasSaved() throws {
        let checkpoint = TaskCheckpoint(
            number: 4, attempt: 2, phase: 3, data: "{\"n\": 1.50}",
            artifacts: [CheckpointArtifact(path: "a \"b\"/c", isDirectory: false, bytes: 1, files: 1)],
            updatedAt: Date(timeIntervalSince1970: 1_700_000_000.25))
        let text = String(decoding: CheckpointDocument.content(checkpoint), as: UTF8.self)
        #expect(
            text
                == #"{"phase":3,"data":{"n": 1.50},"updatedAt":"2023-11-14T22:13:20.250Z","attempt":2,"artifacts":["a \"b\"/c"]}"#
                + "\n")
        #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(text.utf8)) }
    }
}

import Foundation
import TaskModel
import Testing

@testable import TaskStore

@Suite("Stored specifications")
struct SpecCodingTests {
    static let commands: [[String]] = [
        [], [""], ["true"], ["sh", "-c", "echo \"a\\b\"\n\t\u{1}"], ["Grüße", "🙂", "\u{2028}"], [SpecFrame.mark],
        ["]", "[\"", "},{"], ["a", "", "b"],
    ]

    /// The second time each goes by its frame.
    @Test(arguments: commands) func whatIsWrittenIsRead(command: [String]) throws {
        var spec = TaskSpec(name: "n/1", command: command, env: ["A": "1"], queue: "spec-coding", priority: 3)
        for _ in 0..<40 {
            let text = try SpecCoding.encode(spec, operation: "test")
            #expect(try SpecCoding.decode(text) == spec)
            #expect(try SpecCoding.decode(Data(text.utf8)) == spec)
            #expect(try JSONDecoder().decode(TaskSpec.self, from: Data(text.utf8)) == spec)
        }
        spec.priority = 4
        #expect(try SpecCoding.decode(try SpecCoding.encode(spec, operation: "test")) == spec)
    }

    /// Whatever looks like JSON of a frame and isn't must not be read as if it were.
    @Test(arguments: [
        "[", "]", "", "[\"a\"", "\"a\"]", "[a]", "[\"a\",]", "[\"a\" \"b\"]", "[\"a\",,\"b\"]", "[\"a\n\"]", "[,]",
        "[1]",
        "[\"a\"],\"x\":[\"b\"]",
    ])
    func aDamagedCommandIsNotReadByAFrame(words: String) throws {
        let rest = TaskSpec(command: [])
        var marked = rest
        marked.command = [SpecFrame.mark]
        let text = try SpecCoding.encode(marked, operation: "test")
        let frame = try #require(SpecFrame(rest: rest, marked: text))
        var damaged = text.replacing("[\"\(SpecFrame.mark)\"]", with: words)
        let read = damaged.withUTF8 { frame.spec(in: $0) }
        #expect(read == nil)
        var whole = text.replacing("[\"\(SpecFrame.mark)\"]", with: "[\"a\",\"b\"]")
        let spec = whole.withUTF8 { frame.spec(in: $0) }
        #expect(spec?.command == ["a", "b"])
    }

    /// Swift takes these for the same texts; they are not the same bytes.
    @Test(arguments: [("\u{e9}", "e\u{301}"), ("K", "\u{212a}"), (";", "\u{37e}"), ("`", "\u{1fef}")])
    func textsThatAreEqualKeepTheirOwnBytes(one: String, other: String) throws {
        #expect(one == other)
        for text in [one, other, one, other] {
            let spec = TaskSpec(command: ["true"], env: ["A": text])
            let read = try SpecCoding.decode(try SpecCoding.encode(spec, operation: "test"))
            #expect(Array(read.env["A", default: ""].utf8) == Array(text.utf8))
        }
    }

    @Test func manyKindsOfTasksAtOnceAreKeptApart() throws {
        for number in 0..<200 {
            let spec = TaskSpec(command: ["\(number)"], queue: "q\(number % 7)", priority: number % 3)
            let text = try SpecCoding.encode(spec, operation: "test")
            #expect(try SpecCoding.decode(text) == spec)
        }
    }
}

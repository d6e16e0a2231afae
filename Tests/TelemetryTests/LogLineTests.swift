import Foundation
import Logging
import Telemetry
import Testing

@Suite("Log lines")
struct LogLineTests {
    private func record(
        _ message: String = "worker started", _ level: Logger.Level = .info, _ metadata: Logger.Metadata = [:]
    ) -> LogRecord {
        LogRecord(
            time: LogTime(seconds: 1_769_861_097, milliseconds: 5), level: level, message: message, metadata: metadata)
    }

    private func object(_ record: LogRecord) throws -> [String: Any] {
        let line = LogFormat.json.line(record, appName: "acode")
        #expect(line.hasSuffix("}\n") && line.count { $0.isNewline } == 1)
        return try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }

    @Test("JSON has the documented fields under their names, in a fixed order")
    func jsonFields() {
        let line = LogFormat.json.line(
            record(metadata: [
                "worker.id": "w1", "task.id": "t1", "workflow.id": "f1", "task.type": "build", "container.id": "c1",
                "task.attempt": .stringConvertible(2), "ok": .stringConvertible(true), "ratio": .stringConvertible(0.5),
                "nan": .stringConvertible(Double.nan), "list": .array(["a", .stringConvertible(1)]),
                "map": .dictionary(["b": "2", "a": "1"]),
            ]), appName: "acode")
        #expect(
            line
                == #"{"timestamp":"2026-01-31T12:04:57.005Z","level":"info","message":"worker started","app_name":"acode","#
                + #""container_id":"c1","list":["a",1],"map":{"a":"1","b":"2"},"nan":"nan","ok":true,"ratio":0.5,"#
                + #""task_attempt":2,"task_id":"t1","task_type":"build","worker":"w1","workflow_id":"f1"}"# + "\n")
    }

    @Test(
        "JSON carries any text unharmed",
        arguments: ["", "\"\\/", "\n\r\t\u{0}\u{1B}", "ü😀\u{2028}\u{85}", "{\"a\":1}"])
    func jsonTexts(text: String) throws {
        let read = try object(record(text, .error, ["key\(text)": "\(text)"]))
        #expect(read["message"] as? String == text)
        #expect(read.values.compactMap { $0 as? String }.filter { $0 == text }.count == 2)
    }

    @Test("metadata can't take the place of the line's own fields, nor make a name twice")
    func jsonNames() throws {
        let line = LogFormat.json.line(
            record(metadata: [
                "message": "fake", "level": "fake", "worker.id": "w", "worker": "v", "a.b": "1", "a_b": "2",
            ]), appName: "acode")
        let names = line.matches(of: #/"([a-z_]+)":/#).map { String($0.1) }
        #expect(names.count == Set(names).count)
        #expect(try object(record(metadata: ["message": "fake"]))["message"] as? String == "worker started")
        #expect(try object(record(metadata: ["message": "fake"]))["metadata_message"] as? String == "fake")
    }

    @Test("text is readable, with the worker and the task first")
    func text() {
        let line = LogFormat.text(colours: false).line(
            record(metadata: [
                "image": "debian:12", "worker.id": "abc", "task.id": "t", "reason": "it died, \"alone\"", "empty": "",
            ]), appName: "acode")
        #expect(
            line.dropFirst(8)
                == #" info  worker started  worker=abc task=t empty="" image=debian:12 reason="it died, \"alone\"""#
                + "\n")
        #expect(line.prefix(8).wholeMatch(of: #/\d\d:\d\d:\d\d/#) != nil)
    }

    @Test("each level has a word of at most five letters", arguments: Logger.Level.allCases)
    func levels(level: Logger.Level) {
        let line = LogFormat.text(colours: false).line(record("m", level), appName: "acode")
        #expect(line.dropFirst(8).wholeMatch(of: #/ [a-z]{4,5} {1,2}m\n/#) != nil, "\(line)")
    }

    @Test("text is painted only when asked")
    func colours() {
        let metadata: Logger.Metadata = ["a": "b"]
        let painted = LogFormat.text(colours: true).line(record("m", .error, metadata), appName: "acode")
        #expect(painted.contains("\u{1B}[31merror\u{1B}[0m m  \u{1B}[2ma=\u{1B}[0mb\n"))
        #expect(
            !LogFormat.text(colours: false).line(record("m", .error, metadata), appName: "acode").contains("\u{1B}"))
    }

    @Test(
        "nothing a terminal would obey gets through, and a line stays one",
        arguments: ["\u{1B}[2J", "a\nb", "a\rb", "\u{9B}31m", "\u{202E}x", "\u{2028}", "\u{7}"])
    func harmless(text: String) {
        let line = LogFormat.text(colours: false).line(record(text, .info, ["k\(text)": "\(text)"]), appName: "acode")
        #expect(
            !line.dropLast().unicodeScalars.contains {
                $0.value < 0x20 || 0x7F...0x9F ~= $0.value || $0.value == 0x202E || $0.value == 0x2028
            })
        #expect(line.hasSuffix("\n"))
    }

    @Test("long texts lose their middle", arguments: [LogFormat.json, .text(colours: false)])
    func long(format: LogFormat) {
        let line = format.line(record(String(repeating: "ä", count: 100_000)), appName: "acode")
        #expect(line.utf8.count < 9000)
        #expect(line.contains("…[191808 bytes left out]…"))
    }

    @Test(
        "the format follows the terminal and NO_COLOR",
        arguments: [
            (true, [:], LogFormat.text(colours: true)), (true, ["NO_COLOR": "1"], .text(colours: false)),
            (true, ["NO_COLOR": ""], .text(colours: true)), (true, ["TERM": "dumb"], .text(colours: false)),
            (false, [:], .json),
        ] as [(Bool, [String: String], LogFormat)])
    func automatic(isTerminal: Bool, environment: [String: String], format: LogFormat) {
        #expect(LogFormat.automatic(isTerminal: isTerminal, environment: environment) == format)
    }

    @Test("text is never painted where there is no terminal")
    func plain() { #expect(LogFormat.forPeople(isTerminal: false, environment: [:]) == .text(colours: false)) }

    @Test(
        "moments are shown in UTC",
        arguments: [
            (0, 0, "1970-01-01T00:00:00.000Z"), (951_782_400, 7, "2000-02-29T00:00:00.007Z"),
            (4_102_444_799, 999, "2099-12-31T23:59:59.999Z"),
        ])
    func moments(seconds: Int, milliseconds: Int, text: String) {
        #expect(LogTime(seconds: seconds, milliseconds: milliseconds).iso8601 == text)
    }
}

extension LogLineTests {
    private func record(metadata: Logger.Metadata) -> LogRecord { record("worker started", .info, metadata) }
}

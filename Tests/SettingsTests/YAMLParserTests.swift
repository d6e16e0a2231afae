import Settings
import Testing

@Suite("YAML parser")
struct YAMLParserTests {
    /// A tree in one line, with places: `4@1:8`.
    private func outline(_ node: YAMLNode) -> String {
        let place = "@\(node.mark.line):\(node.mark.column)"
        return switch node.content {
        case .scalar(let scalar): (scalar.isPlain ? scalar.text : "'\(scalar.text)'") + place
        case .sequence(let items): "[" + items.map(outline).joined(separator: " ") + "]" + place
        case .mapping(let entries):
            "{"
                + entries.map { "\($0.key)@\($0.keyMark.line):\($0.keyMark.column)=\(outline($0.value))" }
                .joined(separator: " ") + "}" + place
        }
    }

    @Test(
        "reads values with their places",
        arguments: [
            ("a: 1\nb:\n  - x\n  - \"y z\"\n", "{a@1:1=1@1:4 b@2:1=[x@3:5 'y z'@4:5]@3:3}@1:1"),
            (#"{"a": {"b": [true, null]}}"#, "{a@1:2={b@1:8=[true@1:14 null@1:20]@1:13}@1:7}@1:1"),
            ("# only\na: |\n  two\n  lines\n", "{a@2:1='two\nlines\n'@2:4}@2:1"),
            ("grüße: ö # ü\nz: é\n", "{grüße@1:1=ö@1:8 z@2:1=é@2:4}@1:1"),
            ("a: &x [1]\nb: *x\n", "{a@1:1=[1@1:8]@1:4 b@2:1=[1@1:8]@1:4}@1:1"),
            ("a:\nb: ~\n", "{a@1:1=@1:3 b@2:1=~@2:4}@1:1"),
        ])
    func places(text: String, expected: String) throws {
        let node = try #require(try YAMLParser.parse(text, name: "f"))
        #expect(outline(node) == expected)
    }

    @Test("an empty document has no value", arguments: ["", "# nothing\n", "---\n...\n", "\u{FEFF}"])
    func empty(text: String) throws {
        let node = try YAMLParser.parse(text, name: "f")
        #expect(node == nil || node?.isNull == true)
    }

    @Test(
        "tells where a text can't be read",
        arguments: [
            ("a: [1, 2\nb: 3\n", "f:2:2: while parsing a flow sequence at line 1: did not find expected ',' or ']'"),
            (
                "a:\n\tb: 1\n",
                "f:2:1: while scanning for the next token at line 2: found character that cannot start any token "
                    + "(indent with spaces, not with tabs)"
            ),
            ("a: b: c\n", "f:1:5: mapping values are not allowed in this context"),
            ("a: \"x\n", "f:2:1: while scanning a quoted scalar at line 1: found unexpected end of stream"),
            ("a: 1\n---\nb: 2\n", "f:2:1: a second document begins here; only one is read"),
            ("a: !!int 3\n", "f:1:4: tags such as !!str or !include are not supported"),
            ("a: !x [1]\n", "f:1:4: tags such as !!str or !include are not supported"),
            ("a: &x {b: 1}\nc:\n  <<: *x\n", "f:3:3: merge keys (<<) are not supported"),
            ("a: *nobody\n", "f:1:4: nothing above is anchored as &nobody"),
            ("a: &x [*x]\n", "f:1:8: nothing above is anchored as &x"),
            ("? [a]\n: 1\n", "f:1:3: a key must be plain text"),
            ("a: 1\nb: 2\na: 3\n", "f:3:1: a: appears twice, first at line 1 (remove one of them)"),
            (
                "a:\n  - b: 1\n    b: 2\n    b: 3\n",
                "f:3:5: a[0].b: appears twice, first at line 2 (remove one of them)\n"
                    + "f:4:5: a[0].b: appears twice, first at line 2 (remove one of them)"
            ),
        ])
    func mistakes(text: String, expected: String) {
        let error = #expect(throws: ConfigurationError.self) { try YAMLParser.parse(text, name: "f") }
        #expect(error?.description == expected)
    }

    @Test("a byte that is not UTF-8 has a place")
    func notUTF8() {
        let bytes = Array("a: 1\nü: x".utf8) + [0xFF, 0x0A]
        let error = #expect(throws: ConfigurationError.self) { try YAMLParser.document(bytes, name: "f") }
        #expect(error?.problems.first?.line == 2)
        #expect(error?.problems.first?.column == 5)
    }

    @Test("a document deeper than the limit is refused", arguments: [32, 33, 100_000])
    func depth(levels: Int) throws {
        let text = String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
        if levels <= 32 {
            _ = try YAMLParser.parse(text, name: "f")
        } else {
            let error = #expect(throws: ConfigurationError.self) { try YAMLParser.parse(text, name: "f") }
            #expect(error?.description == "f:1:33: is nested deeper than 32 levels")
        }
    }

    @Test("aliases can't be used to make a small text large")
    func aliasBomb() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            let items = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(items)]\n"
        }
        let error = #expect(throws: ConfigurationError.self) { try YAMLParser.parse(text, name: "f") }
        #expect(error?.problems.first?.message == "has more than 50000 values, aliases included")
    }

    @Test("a text above the limit is refused before it is read")
    func size() {
        let text = "a: " + String(repeating: "x", count: 1 << 20)
        let error = #expect(throws: ConfigurationError.self) { try YAMLParser.parse(text, name: "f") }
        #expect(error?.description == "f: is too large: 1048579 bytes, at most 1048576 are read")
    }

    @Test("what is written reads back the same")
    func roundTrip() throws {
        let texts = [
            "", " ", "plain", "12", "true", "~", "a: b", "- x", "#c", "'", "\"", "\\", "line\nbreak\r\n", "\t", "\u{0}",
            "\u{1B}[31m", "\u{85}", "\u{A0}", "\u{2028}", "\u{FEFF}", "ü", "😀", "{{", "%x", "@x", "`x",
        ]
        let node = YAMLNode.map(texts.map { ($0, .list([.text($0), .map([($0, .text($0))])])) })
        let text = YAMLWriter.lines("all", node, indent: 0, comment: "said").joined(separator: "\n")
        let read = try #require(try YAMLParser.parse(text, name: "f"))
        #expect(YAMLWriter.inline(read) == YAMLWriter.inline(.map([("all", node)])))
        for text in texts {
            #expect(
                try YAMLParser.parse(YAMLWriter.inline(.text(text)), name: "f")?.content
                    == .scalar(YAMLScalar(text: text, isPlain: false)))
        }
    }
}

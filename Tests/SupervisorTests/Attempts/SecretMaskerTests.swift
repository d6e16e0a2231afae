import AgentProtocol
import Foundation
import TestSupport
import Testing

@Suite("Secret masker")
struct SecretMaskerTests {
    private static func bytes(_ values: [String: String]) -> [String: [UInt8]] { values.mapValues { Array($0.utf8) } }

    /// What is shown of pieces that come one after the other.
    private static func shown(_ pieces: [String], _ secrets: [String: String]) -> String {
        var masker = SecretMasker(bytes(secrets))
        var shown: [UInt8] = []
        for piece in pieces { shown += masker.mask(Array(piece.utf8)[...]) }
        shown += masker.flush()
        return String(decoding: shown, as: UTF8.self)
    }

    @Test(
        arguments: [
            (["nothing"], "nothing"), (["hush-hush"], "[secret t]"), (["a hush-hush b\n"], "a [secret t] b\n"),
            (["hush-", "hush"], "[secret t]"), (["h", "u", "s", "h", "-", "h", "u", "s", "h"], "[secret t]"),
            (["hush-hushhush-hush"], "[secret t][secret t]"), (["hush-hus"], "hush-hus"),
            (["hush-", "x"], "hush-x"), (["hush-hush-hush"], "[secret t]"), (["hush-", "hush-hush"], "[secret t]"),
            (["hushhush-hush"], "hush[secret t]"), (["hush-hus", "", "h!"], "[secret t]!"), ([""], ""),
        ])
    func everyOccurrenceIsMaskedHoweverItIsCut(_ pieces: [String], expected: String) {
        #expect(Self.shown(pieces, ["t": "hush-hush"]) == expected)
    }

    @Test func lineEndsAfterAValueAreNotPartOfIt() {
        #expect(Self.shown(["<hush-hush>\n"], ["t": "hush-hush\r\n"]) == "<[secret t]>\n")
        #expect(Self.shown(["one\ntwo\n"], ["t": "one\ntwo\n"]) == "[secret t]\n")
    }

    @Test(arguments: ["", "a", "abc", "abc\n", "\n\n\n\n\n"])
    func shortValuesAreNotLookedFor(_ value: String) {
        #expect(Self.shown(["abcabc\n\n\n\n\n\n"], ["t": value]) == "abcabc\n\n\n\n\n\n")
        #expect(SecretMasker(Self.bytes(["t": value])).isEmpty)
    }

    @Test func valuesInsideOrAcrossOthersAreCoveredAsAWhole() {
        #expect(
            Self.shown(["-abcdefgh-abcd-"], ["long": "abcdefgh", "short": "abcd"]) == "-[secret long]-[secret short]-")
        #expect(Self.shown(["-abcdefgh-"], ["in": "cdef", "out": "abcdefgh"]) == "-[secret out]-")
        #expect(Self.shown(["-abcdef-"], ["left": "abcd", "right": "cdef"]) == "-[secret left]-")
        #expect(Self.shown(["-abcd", "ef-"], ["left": "abcd", "right": "cdef"]) == "-[secret left]-")
        #expect(Self.shown(["-abcdx-"], ["long": "abcdefgh", "short": "abcd"]) == "-[secret short]x-")
    }

    /// People who watch a task must see what it says at once.
    @Test func onlyWhatMayBeginAValueIsHeldBack() {
        var masker = SecretMasker(Self.bytes(["t": "hush-hush"]))
        #expect(Array(masker.mask(Array("progress: 10 %".utf8)[...])) == Array("progress: 10 %".utf8))
        #expect(Array(masker.mask(Array("a hush-h".utf8)[...])) == Array("a ".utf8))
        #expect(masker.heldBack == 6)
        #expect(Array(masker.mask(Array("x".utf8)[...])) == Array("hush-hx".utf8))
        #expect(masker.heldBack == 0)
    }

    @Test func afterAFlushNothingBelongsToWhatWasBefore() {
        var masker = SecretMasker(Self.bytes(["t": "hush-hush"]))
        var shown = masker.mask(Array("hush-".utf8)[...]) + masker.flush()
        shown += masker.mask(Array("hush".utf8)[...]) + masker.flush()
        #expect(String(decoding: shown, as: UTF8.self) == "hush-hush")
    }

    /// Against a search through the whole text, with few letters, so that values overlap and begin within each other.
    @Test(arguments: 0..<300 as Range<UInt64>)
    func theResultIsThatOfASearchThroughTheWhole(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        func word(_ length: ClosedRange<Int>) -> [UInt8] {
            (0..<Int.random(in: length, using: &random)).map { _ in UInt8.random(in: 97...98, using: &random) }
        }
        let secrets = ["x": word(4...7), "y": word(4...9), "z": word(5...12)]
        let longest = secrets.values.map(\.count).max() ?? 0
        let text = word(0...200)
        var masker = SecretMasker(secrets)
        var shown: [UInt8] = []
        var taken = 0
        while taken < text.count {
            let next = min(text.count, taken + Int.random(in: 1...9, using: &random))
            shown += masker.mask(text[taken..<next])
            taken = next
            #expect(masker.heldBack < longest)
        }
        shown += masker.flush()
        var isSecret = [Bool](repeating: false, count: text.count)
        for value in secrets.values {
            for start in text.indices where text[start...].starts(with: value) {
                for index in start..<start + value.count { isSecret[index] = true }
            }
        }
        let open = text.indices.filter { !isSecret[$0] }.map { text[$0] }
        let rest = String(decoding: shown, as: UTF8.self).replacing(#/\[secret .\]/#, with: "")
        #expect(rest == String(decoding: open, as: UTF8.self))
    }
}

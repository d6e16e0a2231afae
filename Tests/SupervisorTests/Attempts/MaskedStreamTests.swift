import Foundation
import TestSupport
import Testing

@testable import Supervisor

@Suite("Masked stream")
struct MaskedStreamTests {
    private static let secrets = ["key": Array("aXaXa".utf8), "pin": Array("12341".utf8)]

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test func theMarkIsWhereTheHeldBytesStood() {
        var stream = MaskedStream(Self.secrets)
        #expect(Array(stream.take(Array("hello aX".utf8)[...], at: 100)) == Array("hello ".utf8))
        #expect(stream.mark(taken: 500) == OutputPosition.Mark(offset: 106, covered: 0))
        // What came between belongs to the other stream.
        #expect(Array(stream.take(Array("a".utf8)[...], at: 300)) == [])
        #expect(stream.mark(taken: 500).offset == 106)
        #expect(Array(stream.take(Array("b!".utf8)[...], at: 500)) == Array("aXab!".utf8))
        #expect(stream.mark(taken: 502) == OutputPosition.Mark(offset: 502, covered: 0))
    }

    @Test func withoutSecretsNothingIsEverHeldBack() {
        var stream = MaskedStream([:])
        #expect(stream.take(Array("abc".utf8)[...], at: 7).count == 3)
        #expect(stream.mark(taken: 10) == OutputPosition.Mark(offset: 10))
    }

    /// Whatever is printed, however it is cut and wherever the process dies: what both processes wrote together is what one
    /// would have written.
    @Test(arguments: 0..<200 as Range<UInt64>)
    func deathAtAnyMomentChangesNothing(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let letters = Array("aX1234 ".utf8)
        // Each piece belongs to one of the streams, as an agent sends them.
        var pieces: [(isError: Bool, offset: UInt64, bytes: [UInt8])] = []
        var end: UInt64 = 0
        for _ in 0..<20 {
            let bytes = (0..<Int.random(in: 1...6, using: &random)).map { _ in
                letters[Int.random(in: 0..<letters.count, using: &random)]
            }
            pieces.append((Bool.random(using: &random), end, bytes))
            end += UInt64(bytes.count)
        }
        var whole = Run(from: OutputPosition())
        for piece in pieces { whole.take(piece.isError, piece.bytes, at: piece.offset) }
        whole.flush()

        let death = Int.random(in: 0..<pieces.count, using: &random)
        var first = Run(from: OutputPosition())
        for piece in pieces[..<death] { first.take(piece.isError, piece.bytes, at: piece.offset) }
        var second = Run(from: first.kept)
        // The agent sends again from there, cut as it likes.
        for piece in pieces {
            for (index, byte) in piece.bytes.enumerated() where piece.offset + UInt64(index) >= first.kept.resumeOffset
            {
                second.take(piece.isError, [byte], at: piece.offset + UInt64(index))
            }
        }
        second.flush()
        #expect(text(first.written[0] + second.written[0]) == text(whole.written[0]))
        #expect(text(first.written[1] + second.written[1]) == text(whole.written[1]))
    }

    /// A process that writes down what it may show, and keeps its position with it.
    private struct Run {
        var streams: [MaskedStream]
        var written: [[UInt8]] = [[], []]
        var kept: OutputPosition
        var taken: UInt64

        init(from position: OutputPosition) {
            streams = [
                MaskedStream(MaskedStreamTests.secrets, from: position.output),
                MaskedStream(MaskedStreamTests.secrets, from: position.errors),
            ]
            kept = position
            taken = position.resumeOffset
        }

        mutating func take(_ isError: Bool, _ bytes: [UInt8], at offset: UInt64) {
            let shown = streams[isError ? 1 : 0].take(bytes[...], at: offset)
            taken = max(taken, offset + UInt64(bytes.count))
            guard !shown.isEmpty else { return }
            written[isError ? 1 : 0] += shown
            kept = OutputPosition(output: streams[0].mark(taken: taken), errors: streams[1].mark(taken: taken))
        }

        mutating func flush() {
            written[0] += streams[0].flush()
            written[1] += streams[1].flush()
        }
    }
}

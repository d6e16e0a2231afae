import Foundation
import Testing

@testable import TaskStore

@Suite("Stored text and time")
struct StoredValueTests {
    @Test(arguments: [
        ("", ""), ("plain", "plain"), ("a\0b\0", "a␀b␀"), ("\u{1}\u{1b}[0m", "\u{1}\u{1b}[0m"),
        ("e\u{301}𝄞", "e\u{301}𝄞"),
    ])
    func textLosesOnlyNUL(_ row: (text: String, stored: String)) {
        #expect(StoredText.clean(row.text) == row.stored)
    }

    @Test(arguments: 0..<4)
    func longTextIsCutBetweenCharacters(_ shift: Int) {
        let cut = StoredText.clean(String(repeating: "a", count: shift) + String(repeating: "𝄞", count: 10000))
        #expect(cut.hasSuffix("𝄞… (cut)"))
        #expect(!cut.contains("\u{fffd}"))
        #expect((StoredText.maxBytes - 3...StoredText.maxBytes).contains(cut.utf8.count - "… (cut)".utf8.count))
        #expect(StoredText.clean(String(repeating: "a", count: StoredText.maxBytes)).hasSuffix("a"))
    }

    @Test(arguments: [
        (0.0, Int64(0)), (1.2345, 1235), (-0.0004, 0), (.nan, 0), (.infinity, 253_402_300_799_000),
        (1e300, 253_402_300_799_000), (-1e300, -62_135_596_800_000),
    ])
    func secondsAreClamped(_ row: (seconds: Double, milliseconds: Int64)) {
        #expect(StoredTime.milliseconds(seconds: row.seconds) == row.milliseconds)
    }

    @Test func wholeMillisecondsSurviveTheJourney() {
        for milliseconds in stride(from: Int64(1_700_000_000_000), to: 1_700_000_001_000, by: 1) {
            #expect(StoredTime.milliseconds(StoredTime.date(milliseconds)) == milliseconds)
        }
    }

    @Test func sumsStayInRange() {
        #expect(StoredTime.add(5, to: 10) == 15)
        #expect(StoredTime.add(253_402_300_799_000, to: 10) == 253_402_300_799_000)
    }
}

import Foundation
import Testing

@testable import Supervisor

@Suite("Scratch sweep")
struct ScratchSweepTests {
    private static let now = Date(timeIntervalSince1970: 1_000_000)

    private static func entry(_ name: String, age: Double, bytes: Int64) -> ScratchEntry {
        ScratchEntry(name: name, keptAt: now - age, bytes: bytes)
    }

    private static let all = [
        entry("new", age: 10, bytes: 100), entry("middle", age: 50, bytes: 100), entry("old", age: 90, bytes: 100),
    ]

    @Test(
        arguments: [
            (100.0, Int64(300), [] as [String]),  // all fits
            (100.0, 299, ["old"]),  // a byte too much: the oldest goes
            (100.0, 200, ["old"]), (100.0, 199, ["old", "middle"]),
            (100.0, 0, ["old", "middle", "new"]),  // nothing may stay
            (90.0, 300, []),  // exactly as old as allowed
            (89.0, 300, ["old"]), (89.0, 199, ["old", "middle"]),  // what is too old counts no more
            (0.0, 300, ["old", "middle", "new"]),
        ])
    func whatIsTooOldOrTooMuchGoesOldestFirst(maxAge: Double, maxBytes: Int64, gone: [String]) {
        let surplus = ScratchSweep.surplus(
            Self.all, now: Self.now, maxAge: .seconds(maxAge), maxBytes: maxBytes)
        #expect(surplus.map(\.name) == gone)
    }

    @Test func withoutEntriesThereIsNothingToDo() {
        #expect(ScratchSweep.surplus([], now: Self.now, maxAge: .zero, maxBytes: 0).isEmpty)
    }
}

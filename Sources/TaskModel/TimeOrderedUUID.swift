internal import Foundation
internal import Synchronization

/// Makes UUID version 7 texts (RFC 9562, section 5.7) that never go backwards within one process: `rand_a` is a
/// counter inside the millisecond (section 6.2, method 1), and a clock that steps back is ignored.
enum TimeOrderedUUID {
    private struct Last {
        var milliseconds: UInt64 = 0
        var counter: UInt64 = 0
    }

    private static let last = Mutex(Last())

    static func next() -> String {
        let now = UInt64(max(0, Date().timeIntervalSince1970 * 1000))
        let (milliseconds, counter) = last.withLock { last in
            if now > last.milliseconds {
                // Start in the lower half, so that the counter has room before it borrows from the future.
                last = Last(milliseconds: now, counter: UInt64.random(in: 0..<0x800))
            } else if last.counter == 0xfff {
                last = Last(milliseconds: last.milliseconds + 1, counter: 0)
            } else {
                last.counter += 1
            }
            return (last.milliseconds, last.counter)
        }
        let high = (milliseconds << 16) | 0x7000 | counter
        let low = (UInt64.random(in: 0...UInt64.max) & 0x3fff_ffff_ffff_ffff) | 0x8000_0000_0000_0000
        return text(high: high, low: low)
    }

    private static func text(high: UInt64, low: UInt64) -> String {
        String(unsafeUninitializedCapacity: 36) { bytes in
            var place = 0
            for position in 0..<32 {
                if position == 8 || position == 12 || position == 16 || position == 20 {
                    bytes[place] = UInt8(ascii: "-")
                    place += 1
                }
                let word = position < 16 ? high : low
                let digit = UInt8(truncatingIfNeeded: word >> UInt64(60 - 4 * (position % 16))) & 0xf
                bytes[place] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
                place += 1
            }
            return place
        }
    }
}

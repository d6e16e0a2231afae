package import FoundationEssentials

/// The engine's times: RFC 3339 with up to nine digits of a second. Pure, and fast enough for every line of a stream.
package enum EngineTime {
    /// The time that `text` means; `nil` for the zero time (`0001-01-01T00:00:00Z`: "never") and for anything else.
    package static func date(_ text: String) -> Date? {
        var scanner = Scanner(bytes: Array(text.utf8))
        guard let year = scanner.number(digits: 4), scanner.skip("-"), let month = scanner.number(digits: 2),
            scanner.skip("-"), let day = scanner.number(digits: 2), scanner.skip("T") || scanner.skip(" "),
            let hour = scanner.number(digits: 2), scanner.skip(":"), let minute = scanner.number(digits: 2),
            scanner.skip(":"), let second = scanner.number(digits: 2),
            (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 61, year > 1
        else { return nil }
        let fraction = scanner.skip(".") ? scanner.fraction() : 0
        guard let offset = scanner.offset(), scanner.isAtEnd else { return nil }
        let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset
        return Date(timeIntervalSince1970: Double(seconds) + fraction)
    }

    /// The nanoseconds since 1970 as a date.
    package static func date(nanoseconds: Int64) -> Date {
        Date(timeIntervalSince1970: Double(nanoseconds) / 1_000_000_000)
    }

    /// `seconds.nanoseconds`, the only form of time that both engines accept in a query.
    package static func query(_ date: Date) -> String {
        // A `Date` holds no more than microseconds.
        let microseconds = Int64((date.timeIntervalSince1970 * 1_000_000).rounded())
        let fraction = String(microseconds % 1_000_000)
        return "\(microseconds / 1_000_000).\(String(repeating: "0", count: max(0, 6 - fraction.count)))\(fraction)000"
    }

    /// Days since 1970-01-01 in the proleptic Gregorian calendar, counted in years that begin in March.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private struct Scanner {
        let bytes: [UInt8]
        var position = 0
        var isAtEnd: Bool { position == bytes.count }

        init(bytes: [UInt8]) { self.bytes = bytes }

        mutating func skip(_ character: Unicode.Scalar) -> Bool {
            guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
            position += 1
            return true
        }

        mutating func digit() -> Int? {
            guard position < bytes.count, (48...57).contains(bytes[position]) else { return nil }
            defer { position += 1 }
            return Int(bytes[position] - 48)
        }

        mutating func number(digits: Int) -> Int? {
            var value = 0
            for _ in 0..<digits {
                guard let digit = digit() else { return nil }
                value = value * 10 + digit
            }
            return value
        }

        mutating func fraction() -> Double {
            var value = 0
            var scale = 1
            while let digit = digit() {
                guard scale < 1_000_000_000 else { continue }
                value = value * 10 + digit
                scale *= 10
            }
            return Double(value) / Double(scale)
        }

        /// Seconds east of UTC.
        mutating func offset() -> Int? {
            if skip("Z") { return 0 }
            let sign = skip("+") ? 1 : skip("-") ? -1 : 0
            guard sign != 0, let hours = number(digits: 2), skip(":"), let minutes = number(digits: 2) else {
                return nil
            }
            return sign * (hours * 3600 + minutes * 60)
        }
    }
}

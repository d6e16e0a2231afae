internal import Foundation

/// The built program under test.
package enum AcodeBinary {
    /// `ACODE_TEST_BINARY`, else the release build of this checkout, else its debug build.
    ///
    /// - Throws: `BinaryMissing`.
    package static func path() throws -> String {
        let named = ProcessInfo.processInfo.environment["ACODE_TEST_BINARY"]
        let candidates = named.map { [$0] } ?? ["release", "debug"].map { "\(Checkout.root)/.build/\($0)/acode" }
        guard let path = candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else {
            throw BinaryMissing(candidates: candidates)
        }
        return path
    }
}

/// There is no program to test.
package struct BinaryMissing: Error, CustomStringConvertible {
    /// Where it was looked for.
    package let candidates: [String]

    package var description: String {
        "no executable at \(candidates.joined(separator: " or ")). Run: swift build -c release, or set ACODE_TEST_BINARY"
    }
}

internal import Glibc

/// Makes tokens of leases, some from each call of the system, which takes longer than all the rest.
enum RandomTokens {
    /// The system gives no more at once.
    private static let atOnce = 32

    /// So many.
    static func make(_ count: Int) -> [Int64] {
        var tokens = [Int64](repeating: 0, count: count)
        for start in stride(from: 0, to: count, by: atOnce) {
            let part = start..<min(count, start + atOnce)
            let failed = tokens[part].withUnsafeMutableBytes { getentropy($0.baseAddress, $0.count) }
            if failed != 0 { for place in part { tokens[place] = .random(in: .min ... .max) } }
        }
        return tokens
    }
}

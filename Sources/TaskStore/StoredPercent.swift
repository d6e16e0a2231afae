/// How far an attempt has come, as stores keep it.
enum StoredPercent {
    /// From 0 to 100; `nil` for what is no number.
    static func clean(_ percent: Double?) -> Double? {
        percent.flatMap { $0.isFinite ? min(100, max(0, $0)) : nil }
    }
}

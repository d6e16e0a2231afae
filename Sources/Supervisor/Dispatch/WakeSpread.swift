/// How long supervisors wait before they look for what all of them heard of, each another time, so that not all ask at
/// once for the same few tasks. One that is alone doesn't wait.
struct WakeSpread: Sendable, Equatable {
    /// The part of the time in which all have looked that each adds.
    static let share = Duration.microseconds(500)
    /// The time in which all have looked, however many they are.
    static let longest = Duration.milliseconds(25)

    /// How many hear the same, this one included.
    var members = 1

    /// The wait of one of them.
    /// - Parameter draw: random, from 0 to 1.
    func wait(draw: Double) -> Duration {
        min(Self.longest, Self.share * max(0, members - 1)) * min(1, max(0, draw))
    }
}

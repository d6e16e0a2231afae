/// How long to wait before the next try: doubling from 10 ms to 1 s, each time with a random part. Pure.
struct Backoff {
    private static let shortest = Nanos.milliseconds(10)
    private static let longest = Nanos.milliseconds(1000)
    private var base = Self.shortest

    /// The next wait: between half of the current step and all of it.
    ///
    /// - Parameter random: from 0 up to 1.
    mutating func next(random: Double) -> Nanos {
        let wait = base / 2 + Nanos(Double(base / 2) * min(max(random, 0), 1))
        base = min(base * 2, Self.longest)
        return wait
    }

    /// Starts over after a success.
    mutating func reset() {
        base = Self.shortest
    }
}

import TestSupport

/// Where a supervisor of a test tells its metrics.
struct SupervisorCounters: Sendable {
    let port = Loopback.freePort()

    /// Options of a supervisor that tells them there.
    func options(_ count: Int = 1) -> PoolOptions {
        var options = PoolOptions(count: count)
        options.flags += ["--listen", "127.0.0.1:\(port)"]
        return options
    }

    /// All of them, as Prometheus reads them.
    func text() async throws -> String { try await Curl.get("http://127.0.0.1:\(port)/metrics").body }

    /// One of them by its name with its labels; -1 when it is not there.
    func value(_ series: String) async throws -> Int {
        let line = try await text().split(separator: "\n").first { $0.hasPrefix(series + " ") }
        return line.flatMap { Double($0.dropFirst(series.count + 1)) }.map { Int($0) } ?? -1
    }
}

import TestSupport

/// One HTTP request by a program that is not ours.
enum Curl {
    /// The status and the body of an answer.
    ///
    /// - Throws: `UnexpectedEnd` when there is none within 5 s.
    static func get(
        _ url: String, socket: String? = nil, method: String = "GET"
    ) async throws -> (status: Int, body: String) {
        let way = socket.map { ["--unix-socket", $0] } ?? []
        let curl = try await ChildProcess.tool(
            ProcessPlan("/usr/bin/curl", ["-sS", "--max-time", "5", "-X", method, "-w", "%{http_code}"] + way + [url]),
            within: .seconds(10))
        return (Int(curl.text.suffix(3)) ?? 0, String(curl.text.dropLast(3)))
    }
}

import TestSupport

extension AcodeFixture {
    /// `GET` on a port of this host, through curl.
    func http(_ port: UInt16, _ path: String) async throws -> (status: Int, text: String) {
        let url = "http://127.0.0.1:\(port)\(path)"
        let curl = try await ChildProcess.tool(
            ProcessPlan("/usr/bin/curl", ["-sS", "--max-time", "5", "-w", "%{http_code}", url]), within: .seconds(10))
        return (Int(curl.text.suffix(3)) ?? 0, String(curl.text.dropLast(3)))
    }
}

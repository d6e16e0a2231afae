internal import Foundation

/// The Engine API spoken through `curl`, so that what the product claims is checked by something that isn't the product.
package struct EngineAPI: Sendable {
    /// Which engine answers.
    package let engine: Engine
    /// Its socket.
    package let socket: String

    /// An answer.
    package struct Answer: Sendable {
        /// The HTTP status.
        package var status: Int
        /// The body.
        package var body: [UInt8]
    }

    /// One request.
    ///
    /// - Throws: `UnexpectedEnd` of curl when there is no answer within `limit`.
    package func call(
        _ method: String, _ path: String, body: JSONValue? = nil, within limit: Duration = .seconds(30)
    ) async throws -> Answer {
        var arguments = [
            "-sS", "--max-time", String(Int(limit / .seconds(1))), "--unix-socket", socket, "-X", method, "-w",
            "%{http_code}",
        ]
        if let body { arguments += ["-H", "Content-Type: application/json", "-d", try body.encoded()] }
        let curl = try await ChildProcess.tool(
            ProcessPlan("/usr/bin/curl", arguments + ["http://localhost/v1.41\(path)"]), within: limit + .seconds(5))
        let status = Int(String(decoding: curl.output.suffix(3), as: UTF8.self)) ?? 0
        return Answer(status: status, body: Array(curl.output.dropLast(3)))
    }

    /// One request whose answer is JSON.
    ///
    /// - Throws: `EngineRefusal` for a status other than 2xx, `NotJSON`.
    package func json(_ method: String, _ path: String, body: JSONValue? = nil) async throws -> JSONValue {
        let answer = try await call(method, path, body: body)
        guard 200..<300 ~= answer.status else {
            throw EngineRefusal(request: "\(method) \(path)", answer: answer)
        }
        return try JSONValue(parsing: answer.body)
    }

    /// Whether the engine answers.
    package func isReady() async -> Bool {
        (try? await call("GET", "/_ping", within: .seconds(2)))?.status == 200
    }

    /// `name[]=value` filters of a list, percent-encoded.
    static func filters(_ label: String) throws -> String {
        let text = try JSONValue.object(["label": [.string(label)]]).encoded()
        return text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    }
}

/// An engine said no.
package struct EngineRefusal: Error, CustomStringConvertible {
    /// Method and path.
    package let request: String
    /// What it said.
    package let answer: EngineAPI.Answer

    package var description: String {
        "\(request): \(answer.status) \(String(decoding: answer.body.prefix(500), as: UTF8.self))"
    }
}

import Glibc

/// `acode-agent progress [PERCENT] [MESSAGE]`: a task says how far it is.
enum ProgressCommand {
    private static let timeout = Nanos.seconds(5)
    private static let longestMessage = 4096

    static func run(_ arguments: [String]) throws -> Int32 {
        let request = try parse(arguments)
        guard let name = getenv(TaskEnvironment.socketVariable).map({ String(cString: $0) }) else {
            Output.error("\(TaskEnvironment.socketVariable) is not set; this only works inside a task")
            return 69
        }
        do {
            let reply = try LocalClient.ask(request, at: name, pid: nil, timeout: timeout)
            if reply.ok { return 0 }
            Output.error(reply.message)
        } catch {
            Output.error("the agent can't be reached: \(error)")
        }
        return 69
    }

    /// A first word that is a number is the percentage, everything else the message.
    static func parse(_ arguments: [String]) throws(UsageError) -> LocalRequest {
        var words = arguments[...]
        var percent: Double?
        if let first = words.first, let number = Double(first.hasSuffix("%") ? String(first.dropLast()) : first) {
            guard (0...100).contains(number) else { throw UsageError("\(first) is not between 0 and 100") }
            percent = number
            words = words.dropFirst()
        }
        let message = words.isEmpty ? nil : String(words.joined(separator: " ").prefix(longestMessage))
        guard percent != nil || message != nil else { throw UsageError("progress needs a percentage or a message") }
        return .progress(percent: percent, message: message)
    }
}

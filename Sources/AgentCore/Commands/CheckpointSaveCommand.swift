import AgentProtocol
import Glibc

/// `acode-agent checkpoint save PHASE [--data JSON|@FILE|-] [--artifact PATH]... [--force] [--stop-if-asked]`.
///
/// Exits with 0 only when the checkpoint is in the store; 1 when it is refused and would be another time, 75 when it could
/// not be saved now, or when it was saved and the task is to stop.
enum CheckpointSaveCommand {
    /// Artifacts are copied before it is answered.
    private static let defaultTimeout = Nanos.seconds(600)
    private static let refused: Int32 = 1

    /// What the words say.
    struct Options: Equatable {
        var phase: Int
        var data: String?
        var artifacts: [String] = []
        var isForced = false
        var stopsIfAsked = false
        var timeout = defaultTimeout
    }

    static func run(_ arguments: [String]) throws -> Int32 {
        let options = try parse(arguments)
        guard let name = TaskSurroundings.variable(TaskEnvironment.socketVariable) else {
            Output.error("\(TaskEnvironment.socketVariable) is not set; this only works inside a task")
            return TaskSurroundings.unavailable
        }
        var data: String?
        switch read(options.data) {
        case .success(let text): data = text
        case .failure(let mistake):
            Output.error(mistake.description)
            return refused
        }
        let request = LocalRequest.checkpoint(
            phase: options.phase, data: data, artifacts: options.artifacts, force: options.isForced)
        let reply: LocalReply
        do {
            reply = try LocalClient.ask(request, at: name, pid: nil, timeout: options.timeout)
        } catch {
            Output.error("it is not known whether the checkpoint was saved: \(error)")
            return TaskSurroundings.tryAgain
        }
        guard reply.ok else {
            Output.error("the checkpoint was not saved: \(reply.message)")
            return reply.verdict == .unavailable ? TaskSurroundings.tryAgain : refused
        }
        return options.stopsIfAsked && ShouldStopCommand.isAsked(reply) ? TaskSurroundings.tryAgain : 0
    }

    static func parse(_ arguments: [String]) throws(UsageError) -> Options {
        var words = OptionWords(arguments)
        let data = try words.take("--data")
        let artifacts = try words.takeAll("--artifact")
        let timeout = try words.takeSeconds("--timeout")
        let isForced = words.takeFlag("--force")
        let stopsIfAsked = words.takeFlag("--stop-if-asked")
        try words.finish(atMost: 1)
        guard let text = words.rest.first, let phase = Int(text), phase > 0 else {
            throw UsageError("checkpoint save needs the phase that is done, a number from 1")
        }
        var options = Options(phase: phase, data: data, artifacts: artifacts, isForced: isForced)
        options.stopsIfAsked = stopsIfAsked
        if let timeout { options.timeout = timeout }
        return options
    }

    /// The data itself, whichever way it is given.
    private static func read(_ data: String?) -> Result<String?, LocalClient.Failure> {
        guard let data, data == "-" || data.hasPrefix("@") else { return .success(data) }
        let path = data == "-" ? "-" : String(data.dropFirst())
        do {
            guard let bytes = try TaskSurroundings.content(path, limit: CheckpointSave.largestData) else {
                return .failure(.init(description: "there is no file \(path)"))
            }
            guard let text = String(validating: bytes, as: UTF8.self) else {
                return .failure(.init(description: "the data in \(path) is not UTF-8"))
            }
            return .success(text)
        } catch  where error.code == EFBIG {
            return .failure(
                .init(
                    description: "the data has more than \(CheckpointSave.largestData) bytes; put it into an artifact"))
        } catch {
            return .failure(.init(description: "the data can't be read: \(error)"))
        }
    }
}

/// `acode-agent should-stop`: exits with 0 when the task is to come to a stop, with 1 when it may go on.
enum ShouldStopCommand {
    private static let timeout = Nanos.seconds(5)
    private static let goOn: Int32 = 1

    static func run(_ arguments: [String]) throws -> Int32 {
        var words = OptionWords(arguments)
        try words.finish()
        if isFileThere { return 0 }
        guard let name = TaskSurroundings.variable(TaskEnvironment.socketVariable) else {
            Output.error("\(TaskEnvironment.socketVariable) is not set; this only works inside a task")
            return TaskSurroundings.unavailable
        }
        do {
            return try LocalClient.ask(.shouldStop, at: name, pid: nil, timeout: timeout).stop == true ? 0 : goOn
        } catch {
            Output.error("the agent can't be reached: \(error)")
            return TaskSurroundings.unavailable
        }
    }

    /// Whether a reply, or the supervisor's file, says so.
    static func isAsked(_ reply: LocalReply) -> Bool { reply.stop == true || isFileThere }

    private static var isFileThere: Bool {
        TaskSurroundings.variable(TaskSurroundings.stopVariable).map { access($0, F_OK) == 0 } ?? false
    }
}

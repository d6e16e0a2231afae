internal import ContainerEngine
internal import Foundation
internal import Hummingbird

/// What can be asked about single workers; only on the control socket.
enum WorkerRoutes {
    static func add(to router: Router<BasicRequestContext>, target: any ControlTarget) {
        router.get("v1/workers") { _, _ in try Response.json(target.workerSummaries()) }
        router.get("v1/workers/{id}") { _, context in
            let id = try context.parameters.require("id")
            guard let worker = target.workerSummaries().first(where: { $0.id == id }) else { throw unknown(id) }
            return try Response.json(worker)
        }
        router.get("v1/workers/{id}/inspection") { _, context in
            try Response.json(try await target.inspectWorker(try context.parameters.require("id")))
        }
        router.post("v1/workers/{id}/stop") { request, context in
            let id = try context.parameters.require("id")
            let force = try await StopBody.read(request).force
            guard target.stopWorker(id, force: force) else { throw unknown(id) }
            return try Response.json(Accepted(), status: .accepted)
        }
        router.post("v1/workers/{id}/restart") { request, context in
            let id = try context.parameters.require("id")
            let force = try await StopBody.read(request).force
            guard target.restartWorker(id, force: force) else { throw unknown(id) }
            return try Response.json(Accepted(), status: .accepted)
        }
        router.post("v1/restart") { request, _ in
            target.restartAll(force: try await StopBody.read(request).force)
            return try Response.json(Accepted(), status: .accepted)
        }
        router.get("v1/workers/{id}/logs") { request, context in
            let id = try context.parameters.require("id")
            let tail = try Self.tail(in: request)
            let since = try Self.since(in: request)
            let output = try await target.workerOutput(id, tail: tail, since: since)
            return Response(
                status: .ok, headers: [.contentType: "application/vnd.docker.multiplexed-stream"],
                body: ResponseBody { writer in
                    for frame in output { try await writer.write(ByteBuffer(bytes: frame.encoded())) }
                    try await writer.finish(nil)
                })
        }
    }

    private static func tail(in request: Request) throws(ControlFailure) -> Int? {
        guard let text = request.uri.queryParameters["tail"] else { return nil }
        guard let count = Int(text), count >= 0 else {
            throw ControlFailure(.badRequest, "tail is a number of lines, 0 or more")
        }
        return count
    }

    /// Seconds since 1970, with fractions.
    private static func since(in request: Request) throws(ControlFailure) -> Date? {
        guard let text = request.uri.queryParameters["since"] else { return nil }
        guard let seconds = Double(text), seconds.isFinite, seconds >= 0 else {
            throw ControlFailure(.badRequest, "since is a time in seconds since 1970")
        }
        return Date(timeIntervalSince1970: seconds)
    }

    private static func unknown(_ id: String) -> ControlFailure {
        ControlFailure(.notFound, "this supervisor has no worker \(id)")
    }
}

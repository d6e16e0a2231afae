internal import Foundation
internal import Hummingbird

/// What other hosts may ask: only what reads.
enum PeerRoutes {
    static func add(to router: Router<BasicRequestContext>, target: any ControlTarget) {
        router.get("v1/status") { _, _ in try Response.json(target.summary()) }
        router.get("v1/tasks/{task}/attempts/{attempt}/log") { request, context in
            let task = try context.parameters.require("task")
            // It becomes part of a path.
            guard UUID(uuidString: task) != nil, let attempt = Int(try context.parameters.require("attempt")),
                attempt > 0
            else { throw ControlFailure(.badRequest, "tasks have UUIDs, and attempts numbers from 1") }
            guard let offset = Int64(request.uri.queryParameters["offset"] ?? "0"), offset >= 0 else {
                throw ControlFailure(.badRequest, "offset is a number of bytes, 0 or more")
            }
            let part = try await target.attemptLog(
                task: task.lowercased(), attempt: attempt, offset: offset,
                installation: request.uri.queryParameters["installation"].map(String.init))
            return Response(
                status: .ok, headers: [.contentType: "application/octet-stream", .cacheControl: "no-store"],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: part)))
        }
    }
}

internal import Foundation
internal import Hummingbird
internal import Logging

extension Response {
    /// A value as JSON.
    static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        let bytes = try StableJSON.encode(value) + [0x0a]
        return Response(
            status: status, headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    /// A failure as JSON.
    static func failure(_ failure: ControlFailure) throws -> Response {
        try json(FailureEnvelope(error: failure), status: HTTPResponse.Status(code: failure.status))
    }
}

/// Turns every error of a route into the one form of failures, so that no answer is empty.
struct FailureMiddleware<Context: RequestContext>: RouterMiddleware {
    let logger: Logger

    func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let failure as ControlFailure {
            return try .failure(failure)
        } catch let error as any HTTPResponseError {
            return try .failure(Self.failure(status: error.status.code, path: request.uri.path))
        } catch is DecodingError {
            return try .failure(ControlFailure(.badRequest, "the body is not the JSON that \(request.uri.path) takes"))
        } catch {
            logger.error(
                "a request failed", metadata: ["http.path": "\(request.uri.path)", "error.message": "\(error)"])
            return try .failure(ControlFailure(.internal, "the request failed inside the supervisor"))
        }
    }

    private static func failure(status: Int, path: String) -> ControlFailure {
        switch status {
        case 404: ControlFailure(.notFound, "there is nothing at \(path)")
        case 405: ControlFailure(.methodNotAllowed, "\(path) takes another method")
        case 413: ControlFailure(.tooLarge, "the body is larger than \(RequestLimits.bodyBytes) bytes")
        default: ControlFailure(.badRequest, "the request can't be understood")
        }
    }
}

/// What a client may send.
enum RequestLimits {
    /// The largest body in bytes; no route takes more than one flag.
    static let bodyBytes = 4096
}

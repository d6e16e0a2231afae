import Testing

@testable import ContainerEngine

struct EngineErrorClassifierTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let kind: EngineKind
        let operation: EngineOperation
        let status: Int
        let body: String
        let code: EngineError.Code
        var testDescription: String { "\(kind) \(operation) \(status) \(body)" }
    }

    private static let id = String(repeating: "ab", count: 32)

    /// Bodies as Docker 20.10.24 and Podman 4.3.1 send them.
    @Test(arguments: [
        Case(
            kind: .docker, operation: .createContainer, status: 500,
            body: #"{"message":"write /data/overlay2/dbbd56-init/link: no space left on device"}"#, code: .outOfSpace),
        Case(
            kind: .podman, operation: .createContainer, status: 500,
            body:
                #"{"cause":"no space left on device","message":"container create: write /run/3545195792: no space left on device","response":500}"#,
            code: .outOfSpace),
        Case(
            kind: .docker, operation: .createContainer, status: 409,
            body: #"{"message":"Conflict. The container name \"/x\" is already in use by container \"1\"."}"#,
            code: .nameInUse),
        Case(
            kind: .podman, operation: .createContainer, status: 500,
            body: #"{"cause":"that name is already in use","message":"container create: …","response":500}"#,
            code: .nameInUse),
        Case(
            kind: .docker, operation: .createContainer, status: 404, body: #"{"message":"No such image: nosuch:9"}"#,
            code: .imageMissing),
        Case(
            kind: .podman, operation: .createContainer, status: 404,
            body: #"{"cause":"image not known","message":"no such image: nosuch:9: image not known","response":404}"#,
            code: .imageMissing),
        Case(
            kind: .docker, operation: .createContainer, status: 400, body: #"{"message":"No command specified"}"#,
            code: .invalidRequest),
        Case(
            kind: .podman, operation: .createContainer, status: 500,
            body:
                #"{"cause":"invalid reference format","message":"normalizing name for compat API: invalid reference format"}"#,
            code: .invalidRequest),
        Case(
            kind: .docker, operation: .startContainer, status: 404, body: #"{"message":"network x not found"}"#,
            code: .dependencyMissing),
        Case(
            kind: .docker, operation: .startContainer, status: 404, body: #"{"message":"No such container: nosuch"}"#,
            code: .dependencyMissing),
        Case(
            kind: .docker, operation: .startContainer, status: 404, body: #"{"message":"No such container: \#(id)"}"#,
            code: .notFound),
        Case(
            kind: .podman, operation: .createContainer, status: 500,
            body:
                #"{"cause":"network not found","message":"unable to find network with name or ID x: network not found"}"#,
            code: .dependencyMissing),
        Case(
            kind: .docker, operation: .startContainer, status: 400,
            body:
                #"{"message":"OCI runtime create failed: runc create failed: unable to start container process: exec: \"/no\": stat /no: no such file or directory: unknown"}"#,
            code: .commandNotRunnable),
        Case(
            kind: .podman, operation: .startContainer, status: 500,
            body: #"{"cause":"OCI runtime attempted to invoke a command that was not found","message":"runc: …"}"#,
            code: .commandNotRunnable),
        Case(
            kind: .podman, operation: .startContainer, status: 500,
            body: #"{"cause":"OCI permission denied","message":"setrlimit `RLIMIT_NOFILE`: Operation not permitted"}"#,
            code: .invalidRequest),
        Case(
            kind: .docker, operation: .startContainer, status: 500,
            body: #"{"message":"driver failed: Bind for 0.0.0.0:80 failed: port is already allocated"}"#,
            code: .portInUse),
        Case(
            kind: .podman, operation: .startContainer, status: 500,
            body: #"{"cause":"address already in use","message":"rootlessport listen"}"#, code: .portInUse),
        Case(
            kind: .docker, operation: .killContainer, status: 409, body: #"{"message":"Container 1 is not running"}"#,
            code: .conflict),
        Case(
            kind: .podman, operation: .killContainer, status: 500,
            body: #"{"cause":"container state improper","message":"can only kill running containers"}"#, code: .conflict
        ),
        Case(kind: .podman, operation: .statsContainer, status: 404, body: "", code: .notFound),
        Case(kind: .podman, operation: .info, status: 404, body: "Not Found", code: .notFound),
        Case(
            kind: .docker, operation: .pullImage, status: 500,
            body: #"{"message":"Head \"http://r/v2/\": no basic auth credentials"}"#, code: .unauthorized),
        Case(kind: .docker, operation: .containerLogs, status: 501, body: #"{"message":"no"}"#, code: .unsupported),
        Case(kind: .docker, operation: .info, status: 500, body: #"{"message":"disk full"}"#, code: .engineFailure),
    ])
    func causesAreTheSameOnBothEngines(test: Case) {
        let classifier = EngineErrorClassifier(kind: test.kind, operation: test.operation, subject: Self.id)
        let words = EngineErrorClassifier.Words(body: Array(test.body.utf8))
        #expect(classifier.classify(status: test.status, words: words) == test.code)
    }

    @Test func plainTextIsTheMessage() {
        #expect(EngineErrorClassifier.Words(body: Array("Not Found\n".utf8)).message == "Not Found")
        #expect(EngineErrorClassifier.Words(body: Array(#"{"message":"m"}"#.utf8)).message == "m")
    }
}

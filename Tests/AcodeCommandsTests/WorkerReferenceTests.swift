import ControlPlane
import Testing

@testable import AcodeCommands

@Suite("Worker references")
struct WorkerReferenceTests {
    private static let workers = ["abcd", "abef", "ab"].map {
        WorkerSummary(
            id: $0, containerName: "acode-worker-\($0)", containerID: "f00\($0)", status: "idle", profile: "p")
    }

    @Test(arguments: [
        ("abc", "abcd"), ("ab", "ab"), ("acode-worker-abe", "abef"), ("acode-worker-ab", "ab"), ("f00abc", "abcd"),
    ])
    func aWorkerIsFoundByItsNames(text: String, id: String) throws {
        #expect(try WorkerReference.choose(text, from: Self.workers).id == id)
    }

    @Test(arguments: [
        ("a", "several"), ("acode-worker-", "several"), ("x", "there is no worker"), ("", "there is no worker"),
    ])
    func anythingElseIsAFailure(text: String, words: String) {
        let error = #expect(throws: CommandFailure.self) { try WorkerReference.choose(text, from: Self.workers) }
        #expect(error?.message.contains(words) == true)
    }
}

import ContainerEngine
import Foundation
import Synchronization
import Testing

@Suite(.tags(.docker, .podman), .timeLimit(.minutes(5)), .serialized)
struct ImageTests {
    @Test(arguments: TestEngine.allCases)
    func importsBuildsInspectsAndRemoves(engine: TestEngine) async throws {
        let client = try await engine.connect()
        let name = "docker.io/library/acode-made-\(UUID().uuidString.prefix(8).lowercased())"
        let tarFile = "/tmp/\(UUID().uuidString).tar"
        let imported = Self.tar("hello", Array("hello".utf8))
        #expect(FileManager.default.createFile(atPath: tarFile, contents: Data(imported)))
        defer { try? FileManager.default.removeItem(atPath: tarFile) }

        let image = try await client.importImage(
            tarFile: tarFile, reference: name + ":1", changes: ["USER 1000", "ENV A=b", #"CMD ["/hello"]"#])
        #expect(image.user == "1000" && image.env.contains("A=b") && image.cmd == ["/hello"])
        #expect(image.id.hasPrefix("sha256:"))
        #expect(try await client.inspectImage(image.id)?.id == image.id)

        let lines = Mutex<[String]>([])
        let dockerfile = Self.tar("Dockerfile", Array("FROM \(name):1\nLABEL made=here\n".utf8))
        let built = try await client.buildImage(.bytes(dockerfile), tag: name + ":2") { line in
            lines.withLock { $0.append(line.status) }
        }
        #expect(built.labels["made"] == "here")
        #expect(lines.withLock { $0.contains { $0.uppercased().hasPrefix("STEP 1/2") } })

        let wrong = Self.tar("Dockerfile", Array("FROM \(name):1\nCOPY missing /x\n".utf8))
        let error = await engineFailure { try await client.buildImage(.bytes(wrong), tag: name + ":3") }
        #expect(error?.operation == .buildImage && error?.layer == .status)
        #expect(error?.message.contains("missing") == true, "\(String(describing: error))")

        #expect(try await client.removeImage(name + ":2"))
        #expect(try await client.removeImage(name + ":1"))
        #expect(try await client.removeImage(name + ":1") == false)
        let gone = try await client.inspectImage(name + ":1")
        #expect(gone == nil)
    }

    /// A tar archive (ustar) of one file.
    private static func tar(_ name: String, _ content: [UInt8]) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, at offset: Int) {
            header.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
        }
        func octal(_ value: Int, digits: Int) -> String {
            let text = String(value, radix: 8)
            return String(repeating: "0", count: digits - text.count) + text
        }
        put(name, at: 0)
        put(octal(0o755, digits: 7), at: 100)
        put(octal(0, digits: 7), at: 108)
        put(octal(0, digits: 7), at: 116)
        put(octal(content.count, digits: 11), at: 124)
        put(octal(0, digits: 11), at: 136)
        put("        ", at: 148)
        put("0", at: 156)
        put("ustar\u{0}00", at: 257)
        put(octal(header.reduce(0) { $0 + Int($1) }, digits: 6) + "\u{0} ", at: 148)
        let padding = [UInt8](repeating: 0, count: (512 - content.count % 512) % 512 + 1024)
        return header + content + padding
    }
}

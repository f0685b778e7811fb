#!/usr/bin/env bash
# Writes Sources/FlagdProtocol anew from api/proto: messages, services and clients of flagd's protocols. Needs protoc (Debian:
# protobuf-compiler); the two plugins are built from the packages that Package.swift names.
set -euo pipefail
cd "$(dirname "$0")/.."
out=Sources/FlagdProtocol
protos=(flagd/evaluation/v1/evaluation.proto flagd/evaluation/v2/evaluation.proto flagd/sync/v1/sync.proto)

swift build --product protoc-gen-swift
swift build --product protoc-gen-grpc-swift-2
plugins=$(swift build --show-bin-path)

options=Visibility=Package,UseAccessLevelOnImports=true,FileNaming=PathToUnderscores
rm -f "$out"/*.pb.swift "$out"/*.grpc.swift
protoc -I api/proto -I .build/checkouts/swift-protobuf/Protos/Sources/SwiftProtobuf \
    --plugin=protoc-gen-swift="$plugins/protoc-gen-swift" \
    --plugin=protoc-gen-grpc-swift-2="$plugins/protoc-gen-grpc-swift-2" \
    --swift_out="$out" --swift_opt="$options" \
    --grpc-swift-2_out="$out" --grpc-swift-2_opt="$options,Server=true,Client=true" \
    "${protos[@]}"

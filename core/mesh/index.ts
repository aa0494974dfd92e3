export { Mesh, type MeshInit } from './mesh.ts'

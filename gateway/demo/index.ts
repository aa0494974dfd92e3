/** The embedded demo of `npm start`. */
export { demo } from './main.ts'
